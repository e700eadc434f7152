using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>Why a membership was not changed, in words.</summary>
internal static class MembershipProblems
{
    public const string AboveOwnRole = "This concerns a role above your own. Ask a member who has it.";
    public const string Provisioned = "The organization's directory provisions this member (SCIM). Change them there: deactivate the user, or change the groups that give roles. "
        + "When no directory calls any more, end provisioning on the organization's page Provisioning first.";
    public const string LastOwner = "An organization always has an owner, and this is the last. Make another member an owner first.";

    public const string LastBreakGlass = "This is the last owner who gets in without the organization's provider, while single sign-on is enforced. Name another one there first.";

    /// <summary>Null when it was changed, or need not be.</summary>
    public static ProblemHttpResult? Of(MembershipOutcome outcome) => outcome switch
    {
        MembershipOutcome.NotAMember => Problems.NotFound(),
        MembershipOutcome.AboveOwnRole => Problems.Create(StatusCodes.Status403Forbidden, "member.role_above_own", AboveOwnRole),
        MembershipOutcome.NotProved => RecentSignIn.Refuse(),
        MembershipOutcome.LastOwner => Problems.Conflict("organization.last_owner", LastOwner),
        MembershipOutcome.LastBreakGlass => Problems.Conflict("organization.last_break_glass", LastBreakGlass),
        MembershipOutcome.Provisioned => Problems.Conflict("member.provisioned", Provisioned),
        _ => null,
    };

    /// <summary>The same as words on a page.</summary>
    public static string? Describe(MembershipOutcome outcome) => Of(outcome)?.ProblemDetails.Detail;
}
