using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/orgs/{org}/membership: the caller leaves. The last owner cannot.</summary>
public static class LeaveOrganization
{
    [EndpointSummary("Leave an organization")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(Caller caller, Memberships memberships, CancellationToken ct) =>
        MembershipProblems.Of(await memberships.LeaveAsync(caller.UserId, ct)) is { } problem ? problem : TypedResults.NoContent();
}
