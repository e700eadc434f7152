using System.Security.Claims;
using CodeZero.Hub.Contracts;

namespace CodeZero.Hub.Platform.Tenancy;

/// <summary>Whether a person may do something in an organization, and if not, why.</summary>
public enum OrganizationAccess
{
    Granted,

    /// <summary>To be answered like an organization that never existed.</summary>
    NotAMember,

    /// <summary>A member who signed in by themselves, where the organization asks for a sign-in through its own provider.</summary>
    SsoRequired,

    /// <summary>A member who signed in without a second factor, where the organization asks for one.</summary>
    MfaRequired,

    /// <summary>A member whose role does not have the permission.</summary>
    RoleTooLow,

    /// <summary>Who has the permission, but came with a token that does not.</summary>
    NotInToken,
}

/// <summary>The one rule by which the API and the pages let members in.</summary>
public static class OrganizationRule
{
    /// <summary>The value of the claim <c>amr</c> that says more than one factor was given (RFC 8176).</summary>
    public const string MultiFactor = "mfa";

    /// <summary>The value of the claim <c>amr</c> that says an organization's own provider vouched for the person. Such a sign-in is limited to that organization.</summary>
    public const string Federated = "fed";

    /// <summary>The claim that names the one organization a token is for; without it, a token is for all of its person's.</summary>
    public const string LimitClaim = "org";

    /// <summary>
    /// Decides. Who signed in for one organization is no member of any other, whatever the database says. Leaving is open to members however they signed in.
    /// </summary>
    /// <param name="amr">How the person signed in.</param>
    /// <param name="limitedTo">The one organization the sign-in or token is for; null: all of the person's.</param>
    /// <param name="limits">The names of the permissions that the caller's token is limited to; null: to none.</param>
    public static OrganizationAccess Decide(
        Membership? membership, Permission permission, IEnumerable<string> amr, Guid? limitedTo, DateTimeOffset now, IReadOnlySet<string>? limits = null) => membership switch
    {
        null => OrganizationAccess.NotAMember,
        _ when limitedTo is { } only && only != membership.OrganizationId => OrganizationAccess.NotAMember,
        { SsoRequired: true } when permission != Permissions.LeaveOrganization && !(limitedTo == membership.OrganizationId && amr.Contains(Federated)) && !(membership.BreakGlass && amr.Contains(MultiFactor)) =>
            membership.BreakGlass ? OrganizationAccess.MfaRequired : OrganizationAccess.SsoRequired,
        { MfaRequiredFrom: { } from } when now >= from && permission != Permissions.LeaveOrganization && !amr.Contains(MultiFactor) => OrganizationAccess.MfaRequired,
        _ when membership.Role < permission.Minimum => OrganizationAccess.RoleTooLow,
        _ when limits?.Contains(permission.Name) == false => OrganizationAccess.NotInToken,
        _ => OrganizationAccess.Granted,
    };

    /// <summary>The one organization that an access token is for; null: all of its person's. A claim that cannot be read is for none.</summary>
    public static Guid? LimitOf(ClaimsPrincipal user) =>
        user.FindAll(LimitClaim).ToList() switch { [] => null, [var one] when Guid.TryParse(one.Value, out var organization) => organization, _ => Guid.Empty };

    /// <summary>How the person of an access token signed in.</summary>
    public static IEnumerable<string> MethodsOf(ClaimsPrincipal user) => user.FindAll("amr").Select(claim => claim.Value);
}
