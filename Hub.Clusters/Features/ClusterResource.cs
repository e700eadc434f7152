using CodeZero.AgentProtocol.Signing;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>How far a cluster's enrolment is.</summary>
public enum ClusterStatus
{
    /// <summary>No agent has asked to join.</summary>
    New,

    /// <summary>An agent waits for a member to accept its thumbprint.</summary>
    Pending,

    /// <summary>An agent speaks for the cluster.</summary>
    Enrolled,

    /// <summary>The agent's right was taken away, and no other has it.</summary>
    Revoked,
}

/// <summary>The agent that speaks for a cluster.</summary>
/// <param name="Thumbprint">RFC 7638 thumbprint of its key.</param>
/// <param name="ClusterUid">UID of the namespace <c>kube-system</c>.</param>
/// <param name="Keys">Envelope in which the agent key vouches for the sealing key. Check it against a thumbprint that did not come from the Hub.</param>
public sealed record ClusterAgent(string Thumbprint, string Version, string KubernetesVersion, string Distribution, string ClusterUid, DateTimeOffset? AcceptedAt, DsseEnvelope Keys);

/// <summary>Where a cluster's parts are.</summary>
public sealed record ClusterLinks(string Self, string Enrolments, string Installs, string Approvals, string Reports, string Revisions, string Receipts)
{
    internal static ClusterLinks Of(string organization, Guid id)
    {
        var self = $"/v1/orgs/{organization}/clusters/{id}";
        return new(self, $"{self}/enrolments", $"{self}/installs", $"{self}/approvals", $"{self}/reports", $"{self}/revisions", $"{self}/receipts");
    }
}

/// <summary>A cluster as members see it.</summary>
/// <param name="LastSeen">When its agent was last heard.</param>
/// <param name="NextExpected">When it was to be back; past it, the cluster is disconnected: what runs there goes on.</param>
/// <param name="Serial">Of the newest desired state; 0 before the first.</param>
public sealed record ClusterResource(
    Guid Id, string Name, DateTimeOffset CreatedAt, ClusterStatus Status, ClusterAgent? Agent, DateTimeOffset? LastSeen, DateTimeOffset? NextExpected, long Serial, ClusterLinks Links);

internal static class ClusterResources
{
    /// <summary>The clusters with their agents, in one look-up for all.</summary>
    public static async Task<IReadOnlyList<ClusterResource>> ToResourcesAsync(this ClustersDb db, IReadOnlyList<Cluster> clusters, string organization, CancellationToken ct)
    {
        var ids = clusters.Select(cluster => cluster.Id).ToList();
        var agents = await db.Agents.AsNoTracking()
            .Where(agent => ids.Contains(agent.ClusterId) && (agent.Status == AgentStatus.Accepted || agent.Status == AgentStatus.Pending || agent.Status == AgentStatus.Revoked))
            .ToListAsync(ct);
        var byCluster = agents.ToLookup(agent => agent.ClusterId);
        return [.. clusters.Select(cluster => ToResource(cluster, [.. byCluster[cluster.Id]], organization))];
    }

    public static async Task<ClusterResource> ToResourceAsync(this ClustersDb db, Cluster cluster, string organization, CancellationToken ct) =>
        (await db.ToResourcesAsync([cluster], organization, ct))[0];

    private static ClusterResource ToResource(Cluster cluster, IReadOnlyList<Agent> agents, string organization)
    {
        var current = agents.FirstOrDefault(agent => agent.Status == AgentStatus.Accepted);
        var status = current is not null ? ClusterStatus.Enrolled
            : agents.Any(agent => agent.Status == AgentStatus.Pending) ? ClusterStatus.Pending
            : agents.Any(agent => agent.Status == AgentStatus.Revoked) ? ClusterStatus.Revoked
            : ClusterStatus.New;
        return new(
            cluster.Id, cluster.Name, cluster.CreatedAt, status, current is null ? null : ToResource(current), cluster.LastSeen, cluster.NextExpected, cluster.Serial,
            ClusterLinks.Of(organization, cluster.Id));
    }

    private static ClusterAgent ToResource(Agent agent) => new(
        agent.Thumbprint, agent.Version, agent.KubernetesVersion, agent.Distribution, agent.ClusterUid, agent.DecidedAt, DsseEnvelope.Parse(agent.Keys).Value);
}
