using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Clusters.States;
using CodeZero.Hub.Platform.Messaging;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.AgentLink;

/// <summary>Lets an agent speak for its cluster, and takes that right away. Everything happens under the cluster's row lock.</summary>
internal sealed class Acceptance(ClustersDb db, StatePublisher states, TimeProvider clock)
{
    /// <summary>Accepts one of the agents that wait, and signs a fresh state for it.</summary>
    /// <param name="agents">All that are pending or accepted.</param>
    /// <param name="by">Who decided; null when the configuration did.</param>
    /// <returns>Null; or why it cannot be.</returns>
    public async Task<ProblemHttpResult?> AcceptAsync(Cluster cluster, Agent accepted, IReadOnlyList<Agent> agents, Guid? by, CancellationToken ct)
    {
        if (await FindDoubleAsync(cluster, accepted.ClusterUid, ct) is { } taken)
            return taken;
        var now = clock.GetUtcNow();
        foreach (var other in agents.Where(agent => agent != accepted))
            if (other.Status == AgentStatus.Accepted)
                other.Replace(by, now);
            else
                other.Refuse(by, now);
        await db.SaveChangesAsync(ct); // first the old ones: at most one is accepted at any time, and the table holds to it
        accepted.Accept(by, now);
        await db.NotifyAsync(AgentDirectory.Channel, cluster.Id.ToString(), ct);
        return await states.PublishAsync(cluster, StateReason.Enrolled, ct);
    }

    /// <summary>Takes the right of whoever speaks for the cluster, or asked to. Tokens die at once and open polls end.</summary>
    /// <returns>Those who had it.</returns>
    public async Task<IReadOnlyList<Agent>> RevokeAsync(Cluster cluster, Guid by, CancellationToken ct)
    {
        var agents = await db.Agents.Where(agent => agent.ClusterId == cluster.Id && (agent.Status == AgentStatus.Accepted || agent.Status == AgentStatus.Pending)).ToListAsync(ct);
        foreach (var agent in agents)
            agent.Revoke(by, clock.GetUtcNow());
        await db.SaveChangesAsync(ct);
        await db.NotifyAsync(AgentDirectory.Channel, cluster.Id.ToString(), ct);
        return agents;
    }

    /// <summary>
    /// One Kubernetes cluster under two records of an organization would have two masters. Only this organization's records are looked at: a uid is no secret, so
    /// refusing it for another organization's sake would let anybody lock its owner out, and would tell strangers who is enrolled here.
    /// </summary>
    public async Task<ProblemHttpResult?> FindDoubleAsync(Cluster cluster, string clusterUid, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({cluster.OrganizationId.ToString() + clusterUid}, 0))", ct);
        var other = await db.Agents
            .Where(agent => agent.ClusterUid == clusterUid && agent.ClusterId != cluster.Id
                && (agent.Status == AgentStatus.Accepted || agent.Status == AgentStatus.Pending || agent.Status == AgentStatus.Revoked))
            .Join(db.Clusters.Where(row => row.RemovedAt == null), agent => agent.ClusterId, row => row.Id, (_, row) => row.Name)
            .FirstOrDefaultAsync(ct);
        return other is null ? null : Problems.Conflict("agent.cluster_uid_taken",
            $"This Kubernetes cluster (kube-system {clusterUid}) has joined as cluster {other} of the same organization. Go on with that record, or remove it first: `czctl clusters delete {other}`.");
    }
}
