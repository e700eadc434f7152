namespace CodeZero.Hub.Contracts;

/// <summary>A machine that may ask for tokens by <c>client_credentials</c> with <c>private_key_jwt</c> (RFC 7523) and DPoP (RFC 9449).</summary>
/// <param name="ClientId">The client identifier, also the token's <c>sub</c>.</param>
/// <param name="PublicKeyJwk">Its P-256 public key as a JWK (RFC 7517); assertions and DPoP proofs are ES256 by this key only.</param>
/// <param name="Scope">The one scope it may have.</param>
/// <param name="Audience">The one audience (RFC 8707 resource) its tokens are for.</param>
/// <param name="Claims">Further claims of its access tokens, such as <c>org</c> and <c>cluster</c>.</param>
/// <param name="TokenLifetime">Life of an access token, at most 10 minutes.</param>
public sealed record MachineClient(
    string ClientId, string PublicKeyJwk, string Scope, string Audience, IReadOnlyDictionary<string, string> Claims, TimeSpan TokenLifetime);

/// <summary>Where the token endpoint looks up machines. A module that has machines implements it; unknown or revoked ids are null.</summary>
public interface IMachineClients
{
    Task<MachineClient?> FindAsync(string clientId, CancellationToken ct);
}
