using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/orgs/{org}/members/{user}: ends a membership. The person has no right here from their next request on. An owner is removed by another only by a recent sign-in.</summary>
public static class RemoveMember
{
    [EndpointSummary("Remove a member")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid user, HttpContext http, Caller caller, Memberships memberships, CancellationToken ct) =>
        MembershipProblems.Of(await memberships.RemoveAsync(user, caller.Id, RecentSignIn.ProofOf(http), ct)) is { } problem ? problem : TypedResults.NoContent();
}
