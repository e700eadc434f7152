using CodeZero.AgentProtocol;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>Reads the customer's trust root, <c>codezero-trust</c>. The agent only ever reads it. None, or one that cannot be read, trusts nobody.</summary>
internal sealed class TrustRootReader(IClusterApi api, string ns)
{
    public async Task<Checked<TrustRoot>> ReadAsync(CancellationToken ct) =>
        await api.FindAsync(new(ResourceKind.ConfigMap, ns, TrustRoot.ConfigMapName), ct) is { } map
            ? TrustRoot.Parse(map.Json.TextMap("data"))
            : new Refusal(RefusalCode.TrustUnreadable,
                $"ConfigMap {ns}/{TrustRoot.ConfigMapName} is missing, so nobody is trusted. Write it (czctl clusters join --print shows it).");
}
