using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>An invitation, as the API shows it. Its token is in the message alone.</summary>
/// <param name="SentAt">When the newest message was sent.</param>
/// <param name="ExpiresAt">Until when that message works.</param>
public sealed record InvitationResource(
    Guid Id, string Email, OrganizationRole Role, InvitationState State, Guid InvitedBy, DateTimeOffset CreatedAt, DateTimeOffset SentAt, DateTimeOffset ExpiresAt, DateTimeOffset? AcceptedAt, DateTimeOffset? RevokedAt)
{
    internal static InvitationResource Of(Invitation invitation, DateTimeOffset now) => new(
        invitation.Id, invitation.Email, invitation.Role, invitation.StateAt(now), invitation.InvitedBy, invitation.CreatedAt, invitation.SentAt, invitation.ExpiresAt,
        invitation.AcceptedAt, invitation.RevokedAt);
}

/// <summary>Why an invitation was not sent, withdrawn or accepted, in words.</summary>
internal static class InvitationProblems
{
    /// <summary>Null when it was.</summary>
    public static ProblemHttpResult? Of(InvitationOutcome outcome) => outcome switch
    {
        InvitationOutcome.Done => null,
        InvitationOutcome.Unknown => Problems.NotFound(),
        InvitationOutcome.NotProved => RecentSignIn.Refuse(),
        InvitationOutcome.AboveOwnRole => Problems.Create(StatusCodes.Status403Forbidden, "member.role_above_own", MembershipProblems.AboveOwnRole),
        InvitationOutcome.OtherAddress or InvitationOutcome.Unconfirmed or InvitationOutcome.Deactivated => Problems.Create(StatusCodes.Status403Forbidden, CodeOf(outcome), Describe(outcome)),
        _ => Problems.Conflict(CodeOf(outcome), Describe(outcome)),
    };

    public static string Describe(InvitationOutcome outcome) => outcome switch
    {
        InvitationOutcome.Unknown => "There is no such invitation. Use the newest message, and the whole address in it.",
        InvitationOutcome.AboveOwnRole => MembershipProblems.AboveOwnRole,
        InvitationOutcome.Member => "Somebody with this address is a member already. Change their role instead.",
        InvitationOutcome.Pending => "There is an open invitation for this address. Send it again, or revoke it first.",
        InvitationOutcome.TooMany => $"An organization has at most {Invitations.MaxPending} open invitations, and sends at most {Invitations.MaxPerDay} a day. Revoke some, or go on tomorrow.",
        InvitationOutcome.TooSoon => $"The message went out less than {Invitation.ResendAfter.TotalMinutes:0} minutes ago. Give it time to arrive.",
        InvitationOutcome.Accepted => "The invitation was accepted already, and works once.",
        InvitationOutcome.Expired => "The invitation has expired. Ask for a new one.",
        InvitationOutcome.Revoked => "The invitation was withdrawn. Ask for a new one if you should have it.",
        InvitationOutcome.OtherAddress => "The invitation is for another e-mail address than that of your account. Sign in with the account that has the address it was sent to.",
        InvitationOutcome.Unconfirmed => "Your e-mail address is not confirmed yet. Confirm it with the message you got when you signed up, then accept the invitation.",
        InvitationOutcome.Deactivated => "The organization's directory says that you are no member any more. Ask those who manage the directory to make you active there.",
        _ => "Done.",
    };

    private static string CodeOf(InvitationOutcome outcome) => outcome switch
    {
        InvitationOutcome.Member => "invitation.member_already",
        InvitationOutcome.Pending => "invitation.pending",
        InvitationOutcome.TooMany => "invitation.too_many",
        InvitationOutcome.TooSoon => "invitation.too_soon",
        InvitationOutcome.Accepted => "invitation.accepted",
        InvitationOutcome.Expired => "invitation.expired",
        InvitationOutcome.Revoked => "invitation.revoked",
        InvitationOutcome.OtherAddress => "invitation.other_address",
        InvitationOutcome.Deactivated => "member.deactivated",
        _ => "invitation.address_unconfirmed",
    };
}
