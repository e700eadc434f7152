using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>PUT /v1/orgs/{org}/domains/{domain}, with If-Match: whether, and as what, people with a confirmed address of a verified domain join by themselves.</summary>
public static class ChangeDomain
{
    /// <param name="JoinRole"><c>viewer</c> or <c>developer</c>; null or absent: nobody joins.</param>
    public sealed record Request(OrganizationRole? JoinRole);

    [EndpointSummary("Say who joins by a domain")]
    internal static async Task<Results<Ok<DomainResource>, ProblemHttpResult>> Handle(string domain, Request request, HttpContext http, IdentityDb db, Domains domains, CancellationToken ct)
    {
        if (request.JoinRole is not (null or OrganizationRole.Viewer or OrganizationRole.Developer))
            return Problems.Invalid("joinRole", DomainProblems.JoinRoleTooHigh);
        if (await db.Domains.SingleOrDefaultAsync(row => row.Name == domain, ct) is not { } found)
            return Problems.NotFound();
        if (ETags.RequireMatch(http.Request, ETags.OfVersion(found.RowVersion)) is { } refused)
            return refused;
        if (request.JoinRole is not null && found.VerifiedAt is null)
            return DomainProblems.NotVerified;
        await domains.ChangeJoinRoleAsync(found, request.JoinRole, ct);
        http.Response.Headers.ETag = ETags.OfVersion(found.RowVersion);
        return TypedResults.Ok(DomainResource.Of(found));
    }
}
