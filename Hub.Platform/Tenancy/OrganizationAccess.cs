using System.Security.Claims;
using CodeZero.Hub.Contracts;

namespace CodeZero.Hub.Platform.Tenancy;

/// <summary>Whether a person may do something in an organization, and if not, why.</summary>
public enum OrganizationAccess
{
    Granted,

    /// <summary>To be answered like an organization that never existed.</summary>
    NotAMember,

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

    /// <summary>Decides. Leaving is open to members however they signed in.</summary>
    /// <param name="amr">How the person signed in.</param>
    /// <param name="limits">The names of the permissions that the caller's token is limited to; null: to none.</param>
    public static OrganizationAccess Decide(Membership? membership, Permission permission, IEnumerable<string> amr, DateTimeOffset now, IReadOnlySet<string>? limits = null) => membership switch
    {
        null => OrganizationAccess.NotAMember,
        { MfaRequiredFrom: { } from } when now >= from && permission != Permissions.LeaveOrganization && !amr.Contains(MultiFactor) => OrganizationAccess.MfaRequired,
        _ when membership.Role < permission.Minimum => OrganizationAccess.RoleTooLow,
        _ when limits?.Contains(permission.Name) == false => OrganizationAccess.NotInToken,
        _ => OrganizationAccess.Granted,
    };

    /// <summary>How the person of an access token signed in.</summary>
    public static IEnumerable<string> MethodsOf(ClaimsPrincipal user) => user.FindAll("amr").Select(claim => claim.Value);
}
