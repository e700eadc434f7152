using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol.Signing;

/// <summary>The agent's way to authenticate at the token endpoint: <c>private_key_jwt</c> (RFC 7523 §2.2 and §3, OpenID Connect Core §9).</summary>
public static class ClientAssertion
{
    /// <summary>The value of <c>client_assertion_type</c>.</summary>
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    /// <summary>How long an assertion may be used: 60 s, once.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(60);

    /// <summary>A new assertion, to be sent once.</summary>
    /// <param name="clientId"><see cref="AgentApi.ClientId"/>.</param>
    /// <param name="issuer">The Hub's issuer identifier, exactly as its discovery document says; the only audience.</param>
    public static string Create(ISigner key, string clientId, string issuer, DateTimeOffset now)
    {
        var issuedAt = now.ToUnixTimeSeconds();
        return CompactJws.Sign(
            new Header("JWT", "ES256", key.PublicKey.Thumbprint), WireJson.Strict.ClientAssertionHeader,
            new Claims(clientId, clientId, issuer, CompactJws.NewId(), issuedAt, issuedAt + (long)Life.TotalSeconds), WireJson.Strict.ClientAssertionClaims, key);
    }

    internal sealed record Header(string Typ, string Alg, string Kid);

    internal sealed record Claims(string Iss, string Sub, string Aud, string Jti, long Iat, long Exp);
}
