using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/orgs/{org}/invitations/{invitation}: withdraws it. Again: the same; an accepted one is a membership now, and is ended as that.</summary>
public static class RevokeInvitation
{
    [EndpointSummary("Revoke an invitation")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid invitation, Invitations invitations, CancellationToken ct) =>
        InvitationProblems.Of(await invitations.RevokeAsync(invitation, ct)) is { } problem ? problem : TypedResults.NoContent();
}
