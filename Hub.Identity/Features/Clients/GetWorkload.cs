using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/clients/{client}/workloads/{workload}.</summary>
public static class GetWorkload
{
    [EndpointSummary("Read a service account that may act as a client")]
    internal static async Task<Results<Ok<WorkloadResource>, ProblemHttpResult>> Handle(Guid client, Guid workload, HttpContext http, IdentityDb db, CancellationToken ct)
    {
        if (await db.Workloads.AsNoTracking().SingleOrDefaultAsync(row => row.ClientId == client && row.Id == workload, ct) is not { } found)
            return Problems.NotFound();
        http.Response.Headers.ETag = ETags.OfVersion(found.Version);
        return TypedResults.Ok(WorkloadResource.Of(found));
    }
}
