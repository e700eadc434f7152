using CodeZero.Hub.Clusters.AgentLink;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>DELETE /v1/orgs/{org}/clusters/{cluster}: the Hub forgets the cluster. Its agent's right ends; what runs there is left alone.</summary>
public static partial class RemoveCluster
{
    [EndpointSummary("Remove a cluster; what runs there goes on")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        string cluster, ClustersDb db, Caller caller, Acceptance acceptance, IAuditLog audit, TimeProvider clock, ILogger<Cluster> log, CancellationToken ct)
    {
        if (await db.LockClusterAsync(cluster, ct) is not { } found)
            return Problems.NotFound();
        found.Remove(clock.GetUtcNow());
        await acceptance.RevokeAsync(found, caller.Id, ct);
        await audit.RecordAsync(new("cluster.removed", "cluster", found.Id) { TargetName = found.Name, Before = new { found.Name } }, ct);
        Removed(log, caller.Organization, found.Id);
        return TypedResults.NoContent();
    }

    [LoggerMessage(3002, LogLevel.Information, "Organization {Organization} removed cluster {Cluster}")]
    private static partial void Removed(ILogger log, Guid organization, Guid cluster);
}
