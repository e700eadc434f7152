using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What came of a change to the members of an organization.</summary>
internal enum MembershipOutcome
{
    Done,

    /// <summary>It is so already.</summary>
    Unchanged,

    /// <summary>The person is no member.</summary>
    NotAMember,

    /// <summary>It concerns a role above that of who asks.</summary>
    AboveOwnRole,

    /// <summary>The organization would be left without an owner.</summary>
    LastOwner,

    /// <summary>Nobody would get in without the organization's provider any more, while everybody else must sign in through it.</summary>
    LastBreakGlass,
}

/// <summary>
/// Who is in the organization that the scope works for, and as what. Changes wait for each other to the end of their transactions, so that of two owners who remove each other
/// one stays; and each is in the audit log. Needs an open transaction of <see cref="IdentityDb"/>.
/// </summary>
internal sealed class Memberships(IdentityDb db, Tenant tenant, TokenFamilies families, IAuditLog audit, TimeProvider clock)
{
    private Guid Organization => tenant.OrganizationId ?? throw new InvalidOperationException("This scope works for no organization, which then has no members.");

    /// <summary>Waits until no other transaction changes the organization's members, or may; for what is decided by who is one.</summary>
    public Task LockAsync(CancellationToken ct) => db.LockAsync($"members:{Organization}", ct);

    /// <summary>Adds a person. Who is a member already keeps their role, whichever it is.</summary>
    /// <param name="how">How they came in, for the audit log: <c>invitation</c>, <c>domain</c>, <c>sso</c>, <c>scim</c>.</param>
    public async Task<MembershipOutcome> AddAsync(Guid userId, OrganizationRole role, string how, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await FindAsync(userId, ct) is not null)
            return MembershipOutcome.Unchanged;
        db.Add(new Member(Organization, userId, role, clock.GetUtcNow()));
        await db.SaveChangesAsync(ct);
        await RecordAsync("member.added", userId, before: null, after: new { role, how }, ct);
        return MembershipOutcome.Done;
    }

    /// <summary>Gives a member another role.</summary>
    /// <param name="by">The member or key who asks, whose role as it is now bounds both roles; null: the organization itself, such as by its directory.</param>
    public async Task<MembershipOutcome> ChangeRoleAsync(Guid userId, OrganizationRole role, Guid? by, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await FindAsync(userId, ct) is not { } member)
            return MembershipOutcome.NotAMember;
        if (!await ReachesAsync(by, member.Role, ct) || !await ReachesAsync(by, role, ct))
            return MembershipOutcome.AboveOwnRole;
        if (member.Role == role)
            return MembershipOutcome.Unchanged;
        if (await FindHoldAsync(member, ct) is { } hold)
            return hold;
        await SetRoleAsync(member, role, ct);
        return MembershipOutcome.Done;
    }

    /// <summary>Gives a member a role unless theirs is that or a higher one.</summary>
    public async Task RaiseAsync(Guid userId, OrganizationRole role, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await FindAsync(userId, ct) is { } member && member.Role < role)
            await SetRoleAsync(member, role, ct);
    }

    /// <summary>Ends a membership. Whatever the person may do here ends with it, at their next request.</summary>
    /// <param name="by">Who asks: the member themselves, or a member or key whose role reaches theirs; null: the organization itself.</param>
    public async Task<MembershipOutcome> RemoveAsync(Guid userId, Guid? by, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await FindAsync(userId, ct) is not { } member)
            return MembershipOutcome.NotAMember;
        if (by != userId && !await ReachesAsync(by, member.Role, ct))
            return MembershipOutcome.AboveOwnRole;
        if (await FindHoldAsync(member, ct) is { } hold)
            return hold;
        db.Remove(member);
        await db.SaveChangesAsync(ct);
        await WithdrawInvitationsAsync(userId, null, ct);
        await EndSignInsAsync(userId, ct);
        await RecordAsync(by == userId ? "member.left" : "member.removed", userId, before: new { member.Role }, after: null, ct);
        return MembershipOutcome.Done;
    }

    /// <summary>An owner makes another member an owner and becomes an admin.</summary>
    public async Task<MembershipOutcome> TransferAsync(Guid from, Guid to, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await FindAsync(from, ct) is not { Role: OrganizationRole.Owner } owner)
            return MembershipOutcome.AboveOwnRole;
        if (await FindAsync(to, ct) is not { } successor)
            return MembershipOutcome.NotAMember;
        if (from == to)
            return MembershipOutcome.Unchanged;
        if (owner.BreakGlass && await IsLastBreakGlassAsync(owner, ct))
            return MembershipOutcome.LastBreakGlass;
        if (successor.Role != OrganizationRole.Owner)
            await SetRoleAsync(successor, OrganizationRole.Owner, ct);
        await SetRoleAsync(owner, OrganizationRole.Admin, ct);
        return MembershipOutcome.Done;
    }

    private Task<Member?> FindAsync(Guid userId, CancellationToken ct) => db.Memberships.SingleOrDefaultAsync(member => member.UserId == userId, ct);

    /// <summary>Whether a member or API key manages members, and has a role that is not below this one. Null, the organization itself, reaches every role.</summary>
    public async Task<bool> ReachesAsync(Guid? by, OrganizationRole role, CancellationToken ct) =>
        by is not { } asking || await FindRoleAsync(asking, ct) is { } own && own >= Permissions.ManageMembers.Minimum && own >= role;

    private async Task<OrganizationRole?> FindRoleAsync(Guid asking, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return await db.Memberships.Where(member => member.UserId == asking).Select(member => (OrganizationRole?)member.Role).SingleOrDefaultAsync(ct)
            ?? await db.ApiKeys.Where(key => key.Id == asking && key.RevokedAt == null && key.ExpiresAt > now).Select(key => (OrganizationRole?)key.Role).SingleOrDefaultAsync(ct);
    }

    /// <summary>Why a member must stay an owner; null when they need not.</summary>
    private async Task<MembershipOutcome?> FindHoldAsync(Member member, CancellationToken ct)
    {
        if (member.Role == OrganizationRole.Owner && !await db.Memberships.AnyAsync(other => other.Role == OrganizationRole.Owner && other.UserId != member.UserId, ct))
            return MembershipOutcome.LastOwner;
        return member.BreakGlass && await IsLastBreakGlassAsync(member, ct) ? MembershipOutcome.LastBreakGlass : null;
    }

    private async Task<bool> IsLastBreakGlassAsync(Member member, CancellationToken ct) => !await db.Memberships.AnyAsync(other => other.BreakGlass && other.UserId != member.UserId, ct);

    /// <summary>What was limited to the organization ends with the membership, and its provider's word for the person with it.</summary>
    private async Task EndSignInsAsync(Guid userId, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await db.SsoLinks.Where(link => link.UserId == userId).ExecuteDeleteAsync(ct);
        await db.Sessions.Where(row => row.UserId == userId && row.LimitedTo == Organization && row.EndedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, now), ct);
        await families.RevokeOfMembershipAsync(userId, Organization, "the membership ended", ct);
    }

    private async Task SetRoleAsync(Member member, OrganizationRole role, CancellationToken ct)
    {
        var before = member.Role;
        member.BecomeA(role);
        await db.SaveChangesAsync(ct);
        await WithdrawInvitationsAsync(member.UserId, role, ct);
        await RecordAsync("member.role_changed", member.UserId, new { role = before }, new { role }, ct);
    }

    /// <summary>What somebody offered and may no longer offer is withdrawn.</summary>
    /// <param name="role">Their role from now on; null when they have none.</param>
    public Task<int> WithdrawInvitationsAsync(Guid inviter, OrganizationRole? role, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var offered = Enum.GetValues<OrganizationRole>().Where(offer => !(role >= Permissions.ManageMembers.Minimum && role >= offer)).ToArray();
        return db.Invitations.Where(invitation => invitation.InvitedBy == inviter && invitation.AcceptedAt == null && invitation.RevokedAt == null && offered.Contains(invitation.Role))
            .ExecuteUpdateAsync(set => set.SetProperty(invitation => invitation.RevokedAt, now), ct);
    }

    private async Task RecordAsync(string action, Guid userId, object? before, object? after, CancellationToken ct) =>
        await audit.RecordAsync(new(action, "member", userId)
        {
            TargetName = await db.Users.Where(person => person.Id == userId).Select(person => person.Email).SingleOrDefaultAsync(ct),
            Before = before,
            After = after,
        }, ct);
}
