using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/domains/{domain}.</summary>
public static class GetDomain
{
    [EndpointSummary("Get a domain")]
    internal static async Task<Results<Ok<DomainResource>, ProblemHttpResult>> Handle(string domain, HttpResponse response, IdentityDb db, CancellationToken ct)
    {
        if (await db.Domains.AsNoTracking().SingleOrDefaultAsync(row => row.Name == domain, ct) is not { } found)
            return Problems.NotFound();
        response.Headers.ETag = ETags.OfVersion(found.RowVersion);
        return TypedResults.Ok(DomainResource.Of(found));
    }
}
