using CodeZero.AgentProtocol;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>An approval of an install's present digest. Whether it counts, the cluster decides.</summary>
public sealed record InstallApproval(string Thumbprint, string Approver, DateTimeOffset ApprovedAt);

/// <summary>An application wanted on a cluster, and how far it is.</summary>
/// <param name="Manifest">Digest of the version's canonical manifest.</param>
/// <param name="Provisioner">The code that turns the manifest into Kubernetes objects.</param>
/// <param name="Inputs">Digest of the sealed inputs.</param>
/// <param name="Digest">What is approved: <see cref="InstallDigest"/> of the members above, the removal and the cluster. Compute it yourself before approving.</param>
/// <param name="Paused">Keep what is there, change nothing.</param>
/// <param name="Removed">To be removed; once the cluster no longer has it, <paramref name="FinishedAt"/> says since when.</param>
/// <param name="Chain">published → approved → fetched → verified → applied → healthy.</param>
/// <param name="Phase">In one word, as the agent said last; null before it said anything.</param>
/// <param name="FirstErrors">The first few errors in the cluster.</param>
/// <param name="Drift">How many objects the agent put right since it started.</param>
public sealed record InstallResource(
    Guid Id, Guid Cluster, Guid Organization, string Name, string Namespace, string Publisher, string App, string Edition, string Version, string Manifest, ProvisionerPin Provisioner,
    string? Inputs, string Digest, bool Paused, bool Removed, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt, IReadOnlyList<InstallApproval> Approvals,
    IReadOnlyList<ChainStep> Chain, InstallPhase? Phase, ObjectCount? Objects, IReadOnlyList<string> FirstErrors, int Drift);

internal static class InstallResources
{
    /// <summary>The installs of one cluster with their approvals and chains, in three look-ups for all.</summary>
    public static async Task<IReadOnlyList<InstallResource>> ToResourcesAsync(
        this ClustersDb db, Cluster cluster, IReadOnlyList<Install> installs, DateTimeOffset now, CancellationToken ct)
    {
        var approvals = await db.PresentApprovalsAsync(installs, ct);
        var accepted = await db.Agents.AnyAsync(agent => agent.ClusterId == cluster.Id && agent.Status == AgentStatus.Accepted, ct);
        return [.. installs.Select(install => ToResource(
            cluster, install, [.. approvals[install.Id].Select(approval => new InstallApproval(approval.Thumbprint, approval.Approver, approval.ApprovedAt))], accepted, now))];
    }

    public static async Task<InstallResource> ToResourceAsync(this ClustersDb db, Cluster cluster, Install install, DateTimeOffset now, CancellationToken ct) =>
        (await db.ToResourcesAsync(cluster, [install], now, ct))[0];

    private static InstallResource ToResource(Cluster cluster, Install install, IReadOnlyList<InstallApproval> approvals, bool agentAccepted, DateTimeOffset now)
    {
        var chain = Chain.Of(new(
            now, install, approvals.Count, approvals.Count == 0 ? null : approvals.Max(approval => approval.ApprovedAt), agentAccepted, cluster.LastSeen, cluster.NextExpected, cluster.StateRefusal));
        var observed = install.Observed;
        return new(
            install.Id, cluster.Id, cluster.OrganizationId, install.Name, install.Namespace, install.Publisher, install.App, install.Edition, install.Version, install.Manifest,
            install.Provisioner, install.Inputs, install.Digest, install.Paused, install.Removed, install.CreatedAt, install.FinishedAt, approvals,
            chain, observed?.Phase, observed?.Objects, observed?.FirstErrors ?? [], observed?.Drift ?? 0);
    }
}
