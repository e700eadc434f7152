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

/// <summary>
/// DELETE /v1/orgs/{org}/clusters/{cluster}/agent: whoever speaks for the cluster, or asked to, no longer does. Tokens die at once and open polls end;
/// what runs in the cluster is left alone. Again: the same.
/// </summary>
public static partial class RevokeAgent
{
    [EndpointSummary("Revoke a cluster's agent; what runs there goes on")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(
        string cluster, ClustersDb db, Caller caller, Acceptance acceptance, IAuditLog audit, ILogger<Agent> log, CancellationToken ct)
    {
        if (await db.LockClusterAsync(cluster, ct) is not { } found)
            return Problems.NotFound();
        var agents = await acceptance.RevokeAsync(found, caller.Id, ct);
        foreach (var agent in agents)
            Revoked(log, caller.Organization, found.Id, agent.Thumbprint);
        if (agents.Count > 0)
            await audit.RecordAsync(new("agent.revoked", "cluster", found.Id) { TargetName = found.Name, Before = new { Thumbprints = agents.Select(agent => agent.Thumbprint) } }, ct);
        return TypedResults.NoContent();
    }

    [LoggerMessage(3006, LogLevel.Warning, "Organization {Organization} revoked agent {Thumbprint} of cluster {Cluster}")]
    private static partial void Revoked(ILogger log, Guid organization, Guid cluster, string thumbprint);
}
