using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /v1/orgs/{org}/transfer: another member becomes an owner, and the caller an admin, in one step.</summary>
public static class TransferOrganization
{
    /// <param name="UserId">A member.</param>
    public sealed record Request(Guid UserId);

    [EndpointSummary("Hand an organization over to another member")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(Request request, Caller caller, Memberships memberships, CancellationToken ct) =>
        MembershipProblems.Of(await memberships.TransferAsync(caller.UserId, request.UserId, ct)) is { } problem ? problem : TypedResults.NoContent();
}
