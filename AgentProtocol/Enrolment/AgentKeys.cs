using CodeZero.AgentProtocol.Signing;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>
/// An agent's keys, signed by its agent key. Before sealing answers, <c>czctl</c> checks with it that the sealing key belongs to the agent whose thumbprint a
/// person accepted: the Hub cannot put its own in between.
/// </summary>
public sealed record AgentKeys(Guid Cluster, EcPublicKey Signing, EcPublicKey Sealing)
{
    public const string PayloadType = "application/vnd.codezero.agent-keys.v1+json";

    private static readonly WireFormat<AgentKeys> Format = new("The agent's keys", 4096, WireJson.Strict.AgentKeys, Problems);
    private static readonly Statement<AgentKeys> Statement = new(PayloadType, Format);

    /// <exception cref="ArgumentException">The signer is not the <see cref="Signing"/> key, or both keys are the same.</exception>
    public DsseEnvelope Sign(ISigner agentKey) =>
        agentKey.PublicKey == Signing ? Statement.Sign(this, agentKey) : throw new ArgumentException("Only the agent key itself can vouch for the agent's keys.", nameof(agentKey));

    /// <summary>The keys, when they are this cluster's and vouched for by the agent key with the accepted thumbprint.</summary>
    /// <param name="acceptedThumbprint">The thumbprint a person compared, not one the Hub named in the same answer.</param>
    public static Checked<AgentKeys> Verify(DsseEnvelope envelope, Guid cluster, string acceptedThumbprint)
    {
        if (!Rules.TryBase64(envelope.Payload, out var payload) || !Format.ReadCanonical(payload).TryGet(out var claimed, out var refusal))
            return new Refusal(RefusalCode.AgentKeys, "The statement of the agent's keys cannot be read.");
        if (claimed.Signing.Thumbprint != acceptedThumbprint)
            return new Refusal(RefusalCode.AgentKeys, $"The keys are by the agent key {claimed.Signing.Thumbprint}; accepted is {acceptedThumbprint}.");
        if (!Statement.Verify(envelope, [claimed.Signing]).TryGet(out var verified, out refusal))
            return refusal with { Code = RefusalCode.AgentKeys };
        return verified.Value.Cluster == cluster
            ? verified.Value
            : new Refusal(RefusalCode.AgentKeys, $"The keys are those of cluster {verified.Value.Cluster}, not {cluster}.");
    }

    private static IEnumerable<string> Problems(AgentKeys keys)
    {
        if (keys.Signing == keys.Sealing)
            yield return "signing and sealing must be two keys.";
    }
}
