using System.Linq.Expressions;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// Ends grants, and with each its whole family of codes, refresh tokens and access tokens: at once here, at introspection and userinfo; where an API
/// validates access tokens by itself, when they expire. Works in the caller's transaction if there is one.
/// </summary>
internal sealed partial class TokenFamilies(IdentityDb db, TimeProvider clock, ILogger<TokenFamilies> log)
{
    /// <summary>One family: a code or token of it was stolen or is given back.</summary>
    /// <param name="reason">For the log; no personal data.</param>
    public Task RevokeAsync(Guid grantId, string reason, CancellationToken ct) => RevokeAsync(grant => grant.Id == grantId, reason, ct);

    /// <summary>All of a person: signed out everywhere, password changed, account disabled or deleted.</summary>
    public Task RevokeOfPersonAsync(Guid userId, string reason, CancellationToken ct) => RevokeAsync(grant => grant.UserId == userId, reason, ct);

    /// <summary>What a person allowed one client: taken back.</summary>
    public Task RevokeOfPersonAsync(Guid userId, string clientId, string reason, CancellationToken ct) =>
        RevokeAsync(grant => grant.UserId == userId && grant.ClientId == clientId, reason, ct);

    /// <summary>All of a client: disabled or deleted.</summary>
    public Task RevokeOfClientAsync(string clientId, string reason, CancellationToken ct) => RevokeAsync(grant => grant.ClientId == clientId, reason, ct);

    /// <summary>
    /// What a person allowed an organization's clients, and what is limited to the organization: the membership ended. Others stay; what their tokens may do there is looked up on each call.
    /// </summary>
    public Task RevokeOfMembershipAsync(Guid userId, Guid organizationId, string reason, CancellationToken ct) =>
        RevokeAsync(grant => grant.UserId == userId && (grant.ClientOwner == organizationId || grant.LimitedTo == organizationId), reason, ct);

    /// <summary>What came of sign-ins through an organization's provider.</summary>
    public Task RevokeFederatedAsync(Guid organizationId, string reason, CancellationToken ct) =>
        RevokeAsync(grant => grant.LimitedTo == organizationId && grant.Amr.Contains(AuthenticationMethods.Federated), reason, ct);

    private async Task RevokeAsync(Expression<Func<Grant, bool>> which, string reason, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var revoked = await db.Grants.Where(grant => grant.RevokedAt == null).Where(which).ExecuteUpdateAsync(set => set.SetProperty(grant => grant.RevokedAt, now), ct);
        if (revoked > 0)
            Revoked(log, revoked, reason);
    }

    [LoggerMessage(1010, LogLevel.Information, "Revoked {Count} grants with their tokens: {Reason}")]
    private static partial void Revoked(ILogger log, int count, string reason);
}
