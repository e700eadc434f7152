using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>GET /v1/orgs/{org}/clusters/{cluster}/installs: what is wanted there, the oldest first; <c>?namespace=&amp;name=</c> narrows it. With <c>?finished=true</c>, what is no longer there instead.</summary>
internal static class ListInstalls
{
    [EndpointSummary("List what is installed on a cluster, or was")]
    internal static async Task<Results<Ok<Page<InstallResource>>, ProblemHttpResult>> Handle(
        string cluster, [AsParameters] PageRequest page, ClustersDb db, TimeProvider clock, HttpContext http, CancellationToken ct, string? @namespace = null, string? name = null,
        bool finished = false)
    {
        if (await db.FindClusterAsync(cluster, ct) is not { } found)
            return Problems.NotFound();
        var rows = db.Installs.AsNoTracking().Where(install => install.ClusterId == found.Id && (install.FinishedAt != null) == finished
            && (@namespace == null || install.Namespace == @namespace) && (name == null || install.Name == name));
        if (Cursor.DecodeId(page.Cursor) is { } after)
            rows = rows.Where(install => install.Id > after);
        var resources = await db.ToResourcesAsync(found, await rows.OrderBy(install => install.Id).Take(page.Take).ToListAsync(ct), clock.GetUtcNow(), ct);
        return page.Answer(http, resources, install => install, install => Cursor.Of(install.Id));
    }
}
