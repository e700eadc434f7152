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

    /// <summary>It decides who is an owner, and who asks did not prove who they are within the last minutes.</summary>
    NotProved,

    /// <summary>The organization would be left without an owner.</summary>
    LastOwner,

    /// <summary>Nobody would get in without the organization's provider any more, while everybody else must sign in through it.</summary>
    LastBreakGlass,

    /// <summary>The organization's directory says whether they are a member, or in which role.</summary>
    Provisioned,

    /// <summary>The organization's directory says that they are no member any more.</summary>
    Deactivated,
}

/// <summary>
/// Whether who asks proved who they are within the last minutes, by factors of their own: what deciding who is an owner takes, because owners decide everything else.
/// Asked only where it matters, under the lock of the members.
/// </summary>
internal delegate Task<bool> RecentProof(CancellationToken ct);

/// <summary>
/// Who is in the organization that the scope works for, and as what. Changes wait for each other to the end of their transactions, so that of two owners who remove each other
/// one stays; and each is in the audit log. Needs an open transaction of <see cref="IdentityDb"/>.
/// </summary>
internal sealed class Memberships(IdentityDb db, Tenant tenant, TokenFamilies families, IAuditLog audit, TimeProvider clock)
{
    private Guid Organization => tenant.OrganizationId ?? throw new InvalidOperationException("This scope works for no organization, which then has no members.");

    /// <summary>Waits until no other transaction changes the organization's members, or may; for what is decided by who is one.</summary>
    public Task LockAsync(CancellationToken ct) => db.LockAsync($"members:{Organization}", ct);

    /// <summary>Adds a person, unless the organization's directory says that they are none. Who is a member already keeps their role, whichever it is.</summary>
    /// <param name="how">How they came in, for the audit log: <c>invitation</c>, <c>domain</c>, <c>sso</c>, <c>scim</c>.</param>
    public async Task<MembershipOutcome> AddAsync(Guid userId, OrganizationRole role, string how, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await FindAsync(userId, ct) is not null)
            return MembershipOutcome.Unchanged;
        if (await IsDeactivatedAsync(userId, ct))
            return MembershipOutcome.Deactivated;
        db.Add(new Member(Organization, userId, role, clock.GetUtcNow()));
        await db.SaveChangesAsync(ct);
        await RecordAsync("member.added", userId, before: null, after: new { role, how }, ct);
        return MembershipOutcome.Done;
    }

    /// <summary>Gives a member another role.</summary>
    /// <param name="by">The member or key who asks, whose role as it is now bounds both roles; null: the organization itself, such as by its directory.</param>
    public async Task<MembershipOutcome> ChangeRoleAsync(Guid userId, OrganizationRole role, Guid? by, RecentProof proof, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await FindAsync(userId, ct) is not { } member)
            return MembershipOutcome.NotAMember;
        if (!await ReachesAsync(by, member.Role, ct) || !await ReachesAsync(by, role, ct))
            return MembershipOutcome.AboveOwnRole;
        if (member.Role == role)
            return MembershipOutcome.Unchanged;
        if ((member.Role == OrganizationRole.Owner || role == OrganizationRole.Owner) && !await proof(ct))
            return MembershipOutcome.NotProved;
        if (by is not null && member.Role != OrganizationRole.Owner && role != OrganizationRole.Owner && await HasRoleByGroupAsync(userId, ct))
            return MembershipOutcome.Provisioned;
        if (await FindHoldAsync(member, ct) is { } hold)
            return hold;
        await SetRoleAsync(member, role, ct);
        return MembershipOutcome.Done;
    }

    /// <summary>Gives a member a role unless theirs is that or a higher one, or a group of the directory gives them theirs.</summary>
    public async Task RaiseAsync(Guid userId, OrganizationRole role, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await FindAsync(userId, ct) is { } member && member.Role < role && (role == OrganizationRole.Owner || !await HasRoleByGroupAsync(userId, ct)))
            await SetRoleAsync(member, role, ct);
    }

    /// <summary>Gives each of these members their role, as the organization's directory says; owners keep theirs.</summary>
    public async Task GiveRolesAsync(IReadOnlyDictionary<Guid, OrganizationRole> roles, CancellationToken ct)
    {
        await LockAsync(ct);
        var ids = roles.Keys.ToArray();
        var members = await db.Memberships.Where(row => ids.Contains(row.UserId) && row.Role != OrganizationRole.Owner).OrderBy(row => row.UserId).ToListAsync(ct);
        await SetRolesAsync([.. members.Select(member => (member, roles[member.UserId])).Where(change => change.member.Role != change.Item2)], ct);
    }

    /// <summary>Whether the organization's directory says that the person is no member any more; then nothing but the directory makes them one.</summary>
    public Task<bool> IsDeactivatedAsync(Guid userId, CancellationToken ct) => db.ScimUsers.AnyAsync(user => user.UserId == userId && !user.Active, ct);

    /// <summary>Closes the ways in which a person could become a member by themselves: by a domain, and by invitations sent before.</summary>
    public async Task CloseWaysInAsync(Guid userId, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await db.Database.ExecuteSqlAsync($"insert into identity.domain_joins (organization_id, user_id, joined_at) values ({Organization}, {userId}, {now}) on conflict do nothing", ct);
        await db.Invitations.Where(row => row.AcceptedAt == null && row.RevokedAt == null && db.Users.Any(person => person.Id == userId && person.NormalizedEmail == row.NormalizedEmail))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), ct);
    }

    /// <summary>Ends a membership. Whatever the person may do here ends with it, at their next request.</summary>
    /// <param name="by">Who asks: the member themselves, or a member or key whose role reaches theirs; null: the organization itself, such as by its directory.</param>
    /// <param name="proof">Asked for when an owner is removed by another member.</param>
    public async Task<MembershipOutcome> RemoveAsync(Guid userId, Guid? by, RecentProof proof, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await FindAsync(userId, ct) is not { } member)
            return MembershipOutcome.NotAMember;
        if (by != userId && !await ReachesAsync(by, member.Role, ct))
            return MembershipOutcome.AboveOwnRole;
        if (by != userId && member.Role == OrganizationRole.Owner && !await proof(ct))
            return MembershipOutcome.NotProved;
        if (await FindHoldAsync(member, ct) is { } hold)
            return hold;
        if (by is not null && by != userId && member.Role != OrganizationRole.Owner && await db.ScimUsers.AnyAsync(user => user.UserId == userId && user.Active, ct))
            return MembershipOutcome.Provisioned;
        db.Remove(member);
        await db.SaveChangesAsync(ct);
        await TellDirectoryAsync(member, ct);
        await WithdrawInvitationsAsync(userId, null, ct);
        await EndSignInsAsync(userId, ct);
        await RecordAsync(by == userId ? "member.left" : "member.removed", userId, before: new { member.Role }, after: null, ct);
        return MembershipOutcome.Done;
    }

    /// <summary>The same, by the member themselves.</summary>
    public Task<MembershipOutcome> LeaveAsync(Guid userId, CancellationToken ct) => RemoveAsync(userId, userId, Never, ct);

    /// <summary>The same, by the organization's directory, which neither makes nor removes owners.</summary>
    public Task<MembershipOutcome> DeprovisionAsync(Guid userId, CancellationToken ct) => RemoveAsync(userId, by: null, Never, ct);

    private static Task<bool> Never(CancellationToken ct) => Task.FromResult(false);

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

    /// <summary>Whoever left by themselves is not active in the directory either, and comes back by it as what they were.</summary>
    private Task<int> TellDirectoryAsync(Member gone, CancellationToken ct)
    {
        var (role, now) = (gone.Role == OrganizationRole.Owner ? OrganizationRole.Viewer : gone.Role, clock.GetUtcNow());
        return db.ScimUsers.Where(user => user.UserId == gone.UserId && user.Active)
            .ExecuteUpdateAsync(set => set.SetProperty(user => user.Active, false).SetProperty(user => user.Role, role).SetProperty(user => user.ModifiedAt, now), ct);
    }

    private Task<bool> HasRoleByGroupAsync(Guid userId, CancellationToken ct) =>
        (from user in db.ScimUsers
         join member in db.ScimGroupMembers on user.Id equals member.MemberId
         join @group in db.ScimGroups on member.GroupId equals @group.Id
         where user.UserId == userId && user.Active && @group.Role != null
         select user.Id).AnyAsync(ct);

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

    private Task SetRoleAsync(Member member, OrganizationRole role, CancellationToken ct) => SetRolesAsync([(member, role)], ct);

    private async Task SetRolesAsync(IReadOnlyList<(Member Member, OrganizationRole Role)> changes, CancellationToken ct)
    {
        var before = changes.Select(change => change.Member.Role).ToList();
        foreach (var (member, role) in changes)
            member.BecomeA(role);
        await db.SaveChangesAsync(ct);
        foreach (var ((member, role), was) in changes.Zip(before))
        {
            if (was >= Permissions.ManageMembers.Minimum)
                await WithdrawInvitationsAsync(member.UserId, role, ct);
            await RecordAsync("member.role_changed", member.UserId, new { role = was }, new { role }, ct);
        }
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
