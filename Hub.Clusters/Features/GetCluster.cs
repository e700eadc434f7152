using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>GET /v1/orgs/{org}/clusters/{cluster}: one cluster, by id or name.</summary>
internal static class GetCluster
{
    [EndpointSummary("Get a cluster")]
    internal static async Task<Results<Ok<ClusterResource>, ProblemHttpResult>> Handle(string cluster, ClustersDb db, Caller caller, CancellationToken ct) =>
        await db.FindClusterAsync(cluster, ct) is { } found
            ? TypedResults.Ok(await db.ToResourceAsync(found, caller.OrganizationSlug, ct))
            : Problems.NotFound();
}
