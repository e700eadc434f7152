using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// ID tokens by which people are known to a cluster's API server. What they may do there, its own RBAC says; who they are and in which groups, the Hub says, for
/// ten minutes at most, because an API server cannot be told of a revocation.
/// </summary>
internal sealed partial class ClusterTokens(
    IdentityDb db, IssuedTokens issued, PersonTokens people, TokenIssuer tokens, IOrganizations organizations, IEnumerable<IClusters> clusters, Tenant tenant,
    TimeProvider clock, IOptions<HubIdentityOptions> options, ILogger<ClusterTokens> log)
{
    /// <summary>One answer for a cluster that is not there, one of another organization, and who is no member.</summary>
    private static OAuthError NoSuchCluster { get; } = OAuthError.InvalidTarget("There is no such cluster, or it is not for you. Name its audience, <issuer>/orgs/<organization id>/clusters/<cluster id>.");

    private static OAuthError NotAlive { get; } = OAuthError.InvalidRequest("The subject_token is not a living access token of this client for the Hub's API, or the proof is not by its key.");

    private readonly string _issuer = options.Value.Issuer;

    /// <param name="subject">The person's access token for the Hub's API, bound to the key of the request's proof.</param>
    public async Task<(TokenResponse?, OAuthError?)> IssueAsync(TokenRequest request, string subject, CancellationToken ct)
    {
        if (request.Form["requested_token_type"] != TokenTypes.IdToken)
            return (null, OAuthError.InvalidRequest($"requested_token_type must be {TokenTypes.IdToken}: that is what API servers take."));
        if (request.Form["scope"] is not null)
            return (null, OAuthError.InvalidScope("An ID token has no scope. What the person may do in the cluster, its RBAC says."));
        if (await FindPersonAsync(request, subject, ct) is not var (grant, person))
            return (null, NotAlive);
        if (FindTarget(request.Form) is not { } target)
            return (null, NoSuchCluster);

        tenant.SignIn(person.Id);
        var membership = await organizations.FindMembershipAsync(person.Id, target.OrganizationId.ToString(), ct);
        var access = OrganizationRule.Decide(membership, Permissions.ReadClusters, grant.Amr, grant.LimitedTo, clock.GetUtcNow());
        if (access == OrganizationAccess.MfaRequired)
            return (null, new("insufficient_user_authentication", "The organization asks for a second factor, and this sign-in had none. Sign in again with one (RFC 9470).")); // who is told this is a member
        if (access == OrganizationAccess.SsoRequired)
            return (null, new("insufficient_user_authentication", "The organization asks its members to sign in through its own provider. Sign in again there (RFC 9470)."));
        if (access != OrganizationAccess.Granted || !await ExistsAsync(target, ct))
            return (null, NoSuchCluster);

        var (token, lifetime) = await tokens.ForClusterAsync(grant, person, target.Of(_issuer), ClusterGroups.Of(membership!), ct);
        Issued(log, person.Id, target.OrganizationId, target.ClusterId);
        return (new(token, "N_A", (long)lifetime.TotalSeconds, Scope: null, IssuedTokenType: TokenTypes.IdToken), null);
    }

    /// <summary>Who the token acts for, as the Hub's API would let them in: for this API, bound to the key that signed the proof, and standing on a grant that stands.</summary>
    private async Task<(Grant Grant, Person Person)?> FindPersonAsync(TokenRequest request, string subject, CancellationToken ct)
    {
        if (await issued.ReadAsync(subject, ct) is not { } token || !token.Audiences.SequenceEqual([Audiences.Api(_issuer)]) || IssuedTokens.ClientIdOf(token) != request.Client.Id
            || IssuedTokens.BoundKeyOf(token) is not { } boundKey || boundKey != request.ProofThumbprint || IssuedTokens.GrantOf(token) is not { } id)
            return null;
        return await db.Grants.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, ct) is { } grant
            && await people.ReadStateAsync(grant, request.Client, ct) is { Person: { } person } state && state.FindError(grant, clock.GetUtcNow()) is null
            ? (grant, person)
            : null;
    }

    /// <summary>The one cluster that <c>audience</c> or <c>resource</c> names (RFC 8693 §2.1); null when they name none, or several.</summary>
    private ClusterAudience? FindTarget(OAuthParameters form) =>
        (form["audience"] is { } audience ? form.Resources.Append(audience) : form.Resources).Distinct(StringComparer.Ordinal).ToList() is [var only] ? ClusterAudience.TryParse(only, _issuer) : null;

    private async Task<bool> ExistsAsync(ClusterAudience target, CancellationToken ct)
    {
        foreach (var module in clusters) // none where the Hub runs without clusters
            if (await module.ExistsAsync(target.OrganizationId, target.ClusterId, ct))
                return true;
        return false;
    }

    [LoggerMessage(1012, LogLevel.Information, "Gave person {Person} an ID token for cluster {Cluster} of organization {Organization}")]
    private static partial void Issued(ILogger log, Guid person, Guid organization, Guid cluster);
}

/// <summary>The groups of a member in Kubernetes: <c>acme:member</c>, and one for the role, such as <c>acme:developer</c>.</summary>
internal static class ClusterGroups
{
    private const string Everybody = "member";

    /// <remarks>No slug can be <c>system</c>, so no group can be one of Kubernetes' own, such as <c>system:masters</c>.</remarks>
    public static IReadOnlyList<string> Of(Membership membership) =>
        [$"{membership.Slug}:{Everybody}", $"{membership.Slug}:{membership.Role.ToString().ToLowerInvariant()}"];
}
