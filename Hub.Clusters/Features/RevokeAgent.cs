using CodeZero.Hub.Clusters.AgentLink;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Messaging;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
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
        string cluster, ClustersDb db, Caller caller, IAuditLog audit, TimeProvider clock, ILogger<Agent> log, CancellationToken ct)
    {
        if (await db.LockClusterAsync(cluster, ct) is not { } found)
            return Problems.NotFound();
        var now = clock.GetUtcNow();
        var agents = await db.Agents.Where(agent => agent.ClusterId == found.Id && (agent.Status == AgentStatus.Accepted || agent.Status == AgentStatus.Pending)).ToListAsync(ct);
        foreach (var agent in agents)
        {
            agent.Revoke(caller.UserId, now);
            Revoked(log, caller.Organization, found.Id, agent.Thumbprint);
        }
        await db.SaveChangesAsync(ct);
        await db.NotifyAsync(AgentDirectory.Channel, found.Id.ToString(), ct);
        if (agents.Count > 0)
            await audit.RecordAsync(new("agent.revoked", "cluster", found.Id) { TargetName = found.Name, Before = new { Thumbprints = agents.Select(agent => agent.Thumbprint) } }, ct);
        return TypedResults.NoContent();
    }

    [LoggerMessage(3006, LogLevel.Warning, "Organization {Organization} revoked agent {Thumbprint} of cluster {Cluster}")]
    private static partial void Revoked(ILogger log, Guid organization, Guid cluster, string thumbprint);
}
