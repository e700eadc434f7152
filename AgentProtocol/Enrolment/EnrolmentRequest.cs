using System.Buffers.Text;
using System.Security.Cryptography;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>What an agent sends to join; the token travels apart, in the Authorization header. Protocol §3.</summary>
/// <param name="SigningKey">The agent key, new for this enrolment.</param>
/// <param name="SealingKey">The key that answers are sealed to; another one.</param>
/// <param name="ClusterUid">UID of the namespace <c>kube-system</c>: tells whether two cluster records are one cluster.</param>
/// <param name="Distribution">As the nodes tell, such as <c>k3s</c>; for people.</param>
/// <param name="Time">The agent's clock.</param>
/// <param name="Nonce">base64url of 16 random bytes.</param>
/// <param name="Proof">Envelope of an <see cref="EnrolmentProof"/> by the signing key.</param>
/// <param name="AgentKeys">Envelope of <see cref="AgentProtocol.AgentKeys"/> by the signing key; the Hub hands it to <c>czctl</c>.</param>
public sealed record EnrolmentRequest(
    EcPublicKey SigningKey, EcPublicKey SealingKey, string ClusterUid, string AgentVersion, string KubernetesVersion, string Distribution,
    DateTimeOffset Time, string Nonce, DsseEnvelope Proof, DsseEnvelope AgentKeys)
{
    /// <summary>32 KiB.</summary>
    public const int MaxBytes = 32 * 1024;

    private static readonly WireFormat<EnrolmentRequest> Format = new("The enrolment request", MaxBytes, WireJson.Additive.EnrolmentRequest, Problems);

    public static Checked<EnrolmentRequest> Parse(ReadOnlySpan<byte> json) => Format.Read(json);

    /// <summary>A request with its two proofs, made by the agent.</summary>
    public static EnrolmentRequest Create(
        EnrolmentToken token, ISigner signingKey, EcPublicKey sealingKey, string clusterUid, string agentVersion, string kubernetesVersion, string distribution, DateTimeOffset now)
    {
        var time = UtcSeconds.Floor(now);
        var nonce = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
        var proof = new EnrolmentProof(token.Hash, token.Cluster, signingKey.PublicKey, sealingKey, clusterUid, time, nonce);
        var keys = new AgentKeys(token.Cluster, signingKey.PublicKey, sealingKey);
        return new(
            signingKey.PublicKey, sealingKey, clusterUid, agentVersion, kubernetesVersion, distribution, time, nonce,
            EnrolmentProof.Statement.Sign(proof, signingKey), keys.Sign(signingKey));
    }

    public byte[] ToJson() => Format.Write(this);

    private static IEnumerable<string> Problems(EnrolmentRequest request)
    {
        if (request.SigningKey == request.SealingKey)
            yield return "signingKey and sealingKey must be two keys.";
        foreach (var problem in EnrolmentProof.Problems(request.ClusterUid, request.Nonce))
            yield return problem;
        if (!Rules.IsText(request.AgentVersion, 64) || !Rules.IsText(request.KubernetesVersion, 64) || !Rules.IsText(request.Distribution, 64))
            yield return "agentVersion, kubernetesVersion and distribution must each be 1 to 64 characters.";
    }
}

/// <summary>What the agent signs to show that it holds the key it enrols, and the token, now.</summary>
/// <param name="TokenHash">The token's <see cref="EnrolmentToken.Hash"/>.</param>
public sealed record EnrolmentProof(
    Digest TokenHash, Guid Cluster, EcPublicKey SigningKey, EcPublicKey SealingKey, string ClusterUid, DateTimeOffset Time, string Nonce)
{
    public const string PayloadType = "application/vnd.codezero.enrolment.v1+json";

    internal static readonly Statement<EnrolmentProof> Statement =
        new(PayloadType, new("The enrolment proof", 4096, WireJson.Strict.EnrolmentProof, p => Problems(p.ClusterUid, p.Nonce)));

    internal static IEnumerable<string> Problems(string clusterUid, string nonce)
    {
        if (!Rules.IsText(clusterUid, 64))
            yield return "clusterUid must be 1 to 64 characters: the UID of the namespace kube-system.";
        if (!Rules.TryBase64Url(nonce, out var bytes) || bytes.Length is < 16 or > 64)
            yield return "nonce must be base64url of 16 to 64 random bytes.";
    }
}
