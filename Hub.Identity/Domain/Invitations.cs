using System.Globalization;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Mail;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What came of an invitation.</summary>
internal enum InvitationOutcome
{
    Done,

    /// <summary>There is none, or not by this token.</summary>
    Unknown,

    /// <summary>It offers a role above that of who invites.</summary>
    AboveOwnRole,

    /// <summary>It makes an owner, and who invites did not prove who they are within the last minutes.</summary>
    NotProved,

    /// <summary>The person is a member already.</summary>
    Member,

    /// <summary>One for this address is open already.</summary>
    Pending,

    /// <summary>The organization has as many open, or sent as many today, as it may.</summary>
    TooMany,

    /// <summary>A message went out a moment ago.</summary>
    TooSoon,

    Accepted,
    Expired,
    Revoked,

    /// <summary>It was sent to another address than the account's.</summary>
    OtherAddress,

    /// <summary>The account's address is not confirmed, so nobody knows whose it is.</summary>
    Unconfirmed,

    /// <summary>The organization's directory says that the person is no member any more.</summary>
    Deactivated,
}

/// <summary>
/// Invitations of the organization that the scope works for. That the answer is the same whether or not an address has an account follows from never asking. Needs an open
/// transaction of <see cref="IdentityDb"/>.
/// </summary>
internal sealed class Invitations(
    IdentityDb db, Tenant tenant, Memberships memberships, IAuditLog audit, Emails emails, ILookupNormalizer normalizer, IOptions<HubIdentityOptions> options, TimeProvider clock)
{
    /// <summary>The most that may be open at once.</summary>
    public const int MaxPending = 100;

    /// <summary>The most messages in a day, so that nobody makes the Hub send theirs to the world.</summary>
    public const int MaxPerDay = 200;

    private static readonly TimeSpan SettledKept = TimeSpan.FromDays(90);

    private Guid Organization => tenant.OrganizationId ?? throw new InvalidOperationException("This scope works for no organization, which then invites nobody.");

    /// <summary>Invites whoever has an address.</summary>
    /// <param name="email">A well-formed address.</param>
    /// <param name="proof">Asked for when it makes an owner.</param>
    public async Task<(InvitationOutcome Outcome, Invitation? Invitation)> SendAsync(Guid inviter, string email, OrganizationRole role, RecentProof proof, CancellationToken ct)
    {
        var (normalized, now) = (normalizer.NormalizeEmail(email), clock.GetUtcNow());
        await memberships.LockAsync(ct);
        if (!await memberships.ReachesAsync(inviter, role, ct))
            return (InvitationOutcome.AboveOwnRole, null);
        if (role == OrganizationRole.Owner && !await proof(ct))
            return (InvitationOutcome.NotProved, null);
        if (await db.Memberships.AnyAsync(member => db.Users.Any(person => person.Id == member.UserId && person.NormalizedEmail == normalized), ct))
            return (InvitationOutcome.Member, null);
        await SettleAsync(normalized, now, ct);
        if (await db.Invitations.AnyAsync(Open(normalized), ct))
            return (InvitationOutcome.Pending, null);
        if (await IsFullAsync(now, ct))
            return (InvitationOutcome.TooMany, null);
        var token = InvitationToken.Create(Organization, Guid.CreateVersion7(now));
        var invitation = Invitation.Send(Organization, email, normalized, role, inviter, token, now);
        db.Add(invitation);
        await db.SaveChangesAsync(ct);
        await SendMessageAsync(invitation, token, ct);
        await RecordAsync("invitation.sent", invitation, new { invitation.Role, invitation.ExpiresAt }, ct);
        return (InvitationOutcome.Done, invitation);
    }

    /// <summary>Sends an invitation that nobody has accepted once more, with a new token; the one before is void.</summary>
    /// <param name="proof">Asked for when it makes an owner.</param>
    public async Task<(InvitationOutcome Outcome, Invitation? Invitation)> SendAgainAsync(Guid inviter, Guid id, RecentProof proof, CancellationToken ct)
    {
        await memberships.LockAsync(ct);
        var now = clock.GetUtcNow();
        if (await db.Invitations.SingleOrDefaultAsync(row => row.Id == id, ct) is not { } invitation)
            return (InvitationOutcome.Unknown, null);
        if (invitation.StateAt(now) is InvitationState.Accepted or InvitationState.Revoked)
            return (invitation.AcceptedAt is null ? InvitationOutcome.Revoked : InvitationOutcome.Accepted, null);
        if (!await memberships.ReachesAsync(inviter, invitation.Role, ct))
            return (InvitationOutcome.AboveOwnRole, null);
        if (invitation.Role == OrganizationRole.Owner && !await proof(ct))
            return (InvitationOutcome.NotProved, null);
        if (now - invitation.SentAt < Invitation.ResendAfter)
            return (InvitationOutcome.TooSoon, null);
        if (await IsFullAsync(now, ct))
            return (InvitationOutcome.TooMany, null);
        var token = InvitationToken.Create(Organization, id);
        invitation.SendAgain(token, now);
        await db.SaveChangesAsync(ct);
        await SendMessageAsync(invitation, token, ct);
        await RecordAsync("invitation.sent_again", invitation, new { invitation.ExpiresAt }, ct);
        return (InvitationOutcome.Done, invitation);
    }

    /// <summary>Withdraws an invitation that nobody has accepted. Again: the same.</summary>
    public async Task<InvitationOutcome> RevokeAsync(Guid id, CancellationToken ct)
    {
        await memberships.LockAsync(ct);
        if (await db.Invitations.SingleOrDefaultAsync(row => row.Id == id, ct) is not { } invitation)
            return InvitationOutcome.Unknown;
        if (invitation.AcceptedAt is not null)
            return InvitationOutcome.Accepted;
        if (invitation.RevokedAt is not null)
            return InvitationOutcome.Done;
        invitation.Revoke(clock.GetUtcNow());
        await db.SaveChangesAsync(ct);
        await RecordAsync("invitation.revoked", invitation, null, ct);
        return InvitationOutcome.Done;
    }

    /// <summary>The invitation of a token, in whatever state; null when the token is of none. The scope must work for the token's organization.</summary>
    public Task<Invitation?> FindAsync(InvitationToken token, CancellationToken ct)
    {
        var hash = token.Hash;
        return db.Invitations.AsNoTracking().SingleOrDefaultAsync(row => row.Id == token.Invitation && row.TokenHash == hash, ct);
    }

    /// <summary>Makes the person a member by an invitation to their confirmed address; of any number of tries at once, one does. The scope must work for the token's organization.</summary>
    public async Task<InvitationOutcome> AcceptAsync(InvitationToken token, Person person, CancellationToken ct)
    {
        await memberships.LockAsync(ct);
        var now = clock.GetUtcNow();
        if (await FindAsync(token, ct) is not { } invitation)
            return InvitationOutcome.Unknown;
        if (invitation.StateAt(now) is not InvitationState.Pending and var state)
            return state switch { InvitationState.Accepted => InvitationOutcome.Accepted, InvitationState.Revoked => InvitationOutcome.Revoked, _ => InvitationOutcome.Expired };
        if (invitation.NormalizedEmail != person.NormalizedEmail)
            return InvitationOutcome.OtherAddress;
        if (!person.EmailConfirmed)
            return InvitationOutcome.Unconfirmed;
        if (await memberships.IsDeactivatedAsync(person.Id, ct))
            return InvitationOutcome.Deactivated;
        if (await db.Invitations.Where(row => row.Id == invitation.Id && row.AcceptedAt == null && row.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.AcceptedAt, now).SetProperty(row => row.AcceptedBy, person.Id), ct) == 0)
            return InvitationOutcome.Accepted;
        if (await memberships.AddAsync(person.Id, invitation.Role, "invitation", ct) == MembershipOutcome.Unchanged)
            await memberships.RaiseAsync(person.Id, invitation.Role, ct);
        await RecordAsync("invitation.accepted", invitation, null, ct);
        return InvitationOutcome.Done;
    }

    private static System.Linq.Expressions.Expression<Func<Invitation, bool>> Open(string normalizedEmail) =>
        invitation => invitation.NormalizedEmail == normalizedEmail && invitation.AcceptedAt == null && invitation.RevokedAt == null;

    /// <summary>What has expired makes room for another to the same address; what was settled long ago is forgotten.</summary>
    private async Task SettleAsync(string normalizedEmail, DateTimeOffset now, CancellationToken ct)
    {
        await db.Invitations.Where(Open(normalizedEmail)).Where(row => row.ExpiresAt <= now).ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), ct);
        var old = now - SettledKept;
        await db.Invitations.Where(row => row.ExpiresAt < old).ExecuteDeleteAsync(ct);
    }

    private async Task<bool> IsFullAsync(DateTimeOffset now, CancellationToken ct)
    {
        var yesterday = now.AddDays(-1);
        return await db.Invitations.CountAsync(row => row.AcceptedAt == null && row.RevokedAt == null && row.ExpiresAt > now, ct) >= MaxPending
            || await db.Invitations.CountAsync(row => row.SentAt > yesterday, ct) >= MaxPerDay;
    }

    private async Task SendMessageAsync(Invitation invitation, InvitationToken token, CancellationToken ct)
    {
        var organization = await db.Organizations.Select(row => row.Name).SingleAsync(ct);
        var inviter = await db.Users.Where(person => person.Id == invitation.InvitedBy).Select(person => person.Email).SingleOrDefaultAsync(ct);
        await emails.EnqueueAsync(db, new EmailMessage(invitation.Email, $"Join {organization} on CodeZero Hub", string.Create(CultureInfo.InvariantCulture, $"""
            {inviter ?? "An administrator"} invites you to join the organization {organization} on CodeZero Hub, as {invitation.Role.ToString().ToLowerInvariant()}.

            To accept, open this address and sign in, or create an account, with {invitation.Email}:

            {options.Value.Issuer}/invitations/{token.Reveal()}

            It works once, until {invitation.ExpiresAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC. If you did not expect this message, do nothing: without you nothing happens.

            """)), ct);
    }

    private Task RecordAsync(string action, Invitation invitation, object? after, CancellationToken ct) =>
        audit.RecordAsync(new(action, "invitation", invitation.Id) { TargetName = invitation.Email, After = after }, ct);
}
