using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Signature algorithms (RFC 7518 §3.1).</summary>
internal static class SigningAlgorithms
{
    /// <summary>Access tokens; assertions and proofs of clients.</summary>
    public const string Es256 = SecurityAlgorithms.EcdsaSha256;

    /// <summary>ID tokens: what Kubernetes API servers accept by default.</summary>
    public const string Rs256 = SecurityAlgorithms.RsaSha256;

    /// <summary>Clients' assertions alone.</summary>
    public const string Ps256 = SecurityAlgorithms.RsaSsaPssSha256;

    /// <summary>What the provider signs with.</summary>
    public static readonly IReadOnlyList<string> All = [Es256, Rs256];

    /// <summary>What a client may sign its assertions with.</summary>
    public static readonly IReadOnlyList<string> OfAssertions = [Es256, Ps256, Rs256];
}
