using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /v1/orgs/{org}/invitations/{invitation}/resend: another message, good for another week; the token of the one before is void. One that makes an owner only by a recent sign-in.</summary>
public static class ResendInvitation
{
    [EndpointSummary("Send an invitation again")]
    internal static async Task<Results<Ok<InvitationResource>, ProblemHttpResult>> Handle(
        Guid invitation, HttpContext http, Caller caller, Invitations invitations, TimeProvider clock, CancellationToken ct)
    {
        var (outcome, sent) = await invitations.SendAgainAsync(caller.Id, invitation, RecentSignIn.ProofOf(http), ct);
        return InvitationProblems.Of(outcome) is { } problem ? problem : TypedResults.Ok(InvitationResource.Of(sent!, clock.GetUtcNow()));
    }
}
