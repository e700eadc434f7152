using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Whether a session is good for an authorization request, as far as organizations go.</summary>
internal enum OrganizationLimit
{
    /// <summary>It is.</summary>
    Fits,

    /// <summary>Not this one: it is limited to another organization, or the organization asks for a sign-in through its own provider.</summary>
    OtherSignIn,

    /// <summary>The request names an organization that the person is no member of, or that does not exist.</summary>
    NotAMember,
}

/// <summary>
/// The one organization that tokens are for: the request's (<c>organization</c>), or that of a limited session. A limited session gives tokens to that organization's own clients and to
/// the Hub's, which heed the claim <c>org</c>; never to another organization's, which would take the provider's word for the Hub's.
/// </summary>
internal sealed class OrganizationLimits(Organizations organizations, Tenant tenant, TimeProvider clock)
{
    public async Task<(OrganizationLimit Limit, Guid? LimitedTo)> DecideAsync(AuthorizationRequest request, Client client, SignedIn? session, CancellationToken ct)
    {
        if (session is null || (request.Organization ?? session.LimitedTo?.ToString()) is not { } named)
            return (OrganizationLimit.Fits, null);
        tenant.SignIn(session.UserId);
        var membership = await organizations.FindMembershipAsync(session.UserId, named, ct);
        if (session.LimitedTo is { } only && (membership?.OrganizationId != only || (client.OrganizationId is { } owner && owner != only)))
            return (OrganizationLimit.OtherSignIn, null); // the same for every other organization: a provider does not learn where else the person is a member
        return OrganizationRule.Decide(membership, Permissions.ReadOrganization, session.Amr, session.LimitedTo, clock.GetUtcNow()) switch
        {
            OrganizationAccess.NotAMember => (OrganizationLimit.NotAMember, null),
            OrganizationAccess.SsoRequired => (OrganizationLimit.OtherSignIn, null),
            _ => (OrganizationLimit.Fits, membership!.OrganizationId),
        };
    }
}
