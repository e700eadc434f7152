using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>GET /v1/orgs/{org}/clusters/{cluster}/installs/{install}: one install, also when it is gone.</summary>
internal static class GetInstall
{
    [EndpointSummary("Get an install, also when it is gone")]
    internal static async Task<Results<Ok<InstallResource>, ProblemHttpResult>> Handle(
        string cluster, Guid install, ClustersDb db, TimeProvider clock, HttpResponse response, CancellationToken ct)
    {
        if (await db.FindClusterAsync(cluster, ct) is not { } found
            || await db.Installs.AsNoTracking().SingleOrDefaultAsync(row => row.Id == install && row.ClusterId == found.Id, ct) is not { } row)
            return Problems.NotFound();
        response.Headers.ETag = InstallEtag.Of(row);
        return TypedResults.Ok(await db.ToResourceAsync(found, row, clock.GetUtcNow(), ct));
    }
}
