using CodeZero.AgentProtocol.Signing;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>A P-256 public key as a JWK (RFC 7517, RFC 7518 §6.2.1).</summary>
public sealed record PublicJwk(string Kty, string Crv, string X, string Y)
{
    internal static IReadOnlyList<PublicJwk> From(IEnumerable<EcPublicKey> keys) => [.. keys.Select(key => new PublicJwk("EC", "P-256", key.X, key.Y))];
}
