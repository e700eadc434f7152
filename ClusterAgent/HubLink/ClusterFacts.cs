using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>What the agent tells of its cluster when it joins and reports.</summary>
/// <param name="Uid">UID of the namespace <c>kube-system</c>, by which one cluster is known again.</param>
/// <param name="KubernetesVersion">Such as <c>v1.32.4+k3s1</c>.</param>
internal sealed record ClusterFacts(string Uid, string KubernetesVersion)
{
    private const string SystemNamespace = "kube-system";

    /// <summary>As far as the version tells: vendors mark theirs.</summary>
    public string Distribution => KubernetesVersion switch
    {
        var v when v.Contains("+k3s", StringComparison.Ordinal) => "k3s",
        var v when v.Contains("+rke2", StringComparison.Ordinal) => "rke2",
        var v when v.Contains("-gke.", StringComparison.Ordinal) => "gke",
        var v when v.Contains("-eks-", StringComparison.Ordinal) => "eks",
        var v when v.Contains("devcluster", StringComparison.Ordinal) => "devcluster",
        _ => "kubernetes",
    };

    public static async Task<ClusterFacts> ReadAsync(IClusterApi api, CancellationToken ct)
    {
        var system = await api.FindAsync(new(ResourceKind.Namespace, null, SystemNamespace), ct);
        return new(
            system?.Uid ?? throw new InvalidDataException($"The cluster has no namespace {SystemNamespace}, by which the Hub would know it again."),
            await api.GetVersionAsync(ct));
    }
}
