using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>GET /v1/orgs/{org}/clusters: the organization's clusters, the oldest first.</summary>
internal static class ListClusters
{
    [EndpointSummary("List the organization's clusters")]
    internal static async Task<Ok<Page<ClusterResource>>> Handle([AsParameters] PageRequest page, ClustersDb db, Caller caller, HttpContext http, CancellationToken ct)
    {
        var rows = db.Clusters.AsNoTracking().Where(cluster => cluster.RemovedAt == null);
        if (Cursor.DecodeId(page.Cursor) is { } after)
            rows = rows.Where(cluster => cluster.Id > after);
        var resources = await db.ToResourcesAsync(await rows.OrderBy(cluster => cluster.Id).Take(page.Take).ToListAsync(ct), caller.OrganizationSlug, ct);
        return page.Answer(http, resources, cluster => cluster, cluster => Cursor.Of(cluster.Id));
    }
}
