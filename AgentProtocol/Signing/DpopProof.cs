using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol.Signing;

/// <summary>Demonstrating Proof of Possession (RFC 9449 §4.2): one proof for one request.</summary>
public static class DpopProof
{
    /// <summary>The request and response headers of RFC 9449.</summary>
    public const string HeaderName = "DPoP", NonceHeaderName = "DPoP-Nonce";

    /// <summary>A proof for one request, to be sent once in the <c>DPoP</c> header.</summary>
    /// <param name="uri">The request's absolute URI; query and fragment are left out of the proof (RFC 9449 §4.2 htu).</param>
    /// <param name="accessToken">The token sent along, bound by its hash (<c>ath</c>); null at the token endpoint.</param>
    /// <param name="nonce">The server's last <c>DPoP-Nonce</c>, when it gave one.</param>
    public static string Create(ISigner key, string method, Uri uri, DateTimeOffset now, string? accessToken = null, string? nonce = null) =>
        CompactJws.Sign(
            new Header("dpop+jwt", "ES256", key.PublicKey), WireJson.Strict.DpopProofHeader,
            new Claims(CompactJws.NewId(), method, uri.GetLeftPart(UriPartial.Path), now.ToUnixTimeSeconds(), accessToken is null ? null : Ath(accessToken), nonce),
            WireJson.Strict.DpopProofClaims, key);

    /// <summary>The <c>ath</c> claim: base64url of the SHA-256 of the token's ASCII text (RFC 9449 §4.2).</summary>
    private static string Ath(string accessToken) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)));

    internal sealed record Header(string Typ, string Alg, EcPublicKey Jwk);

    internal sealed record Claims(
        string Jti, string Htm, string Htu, long Iat,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Ath,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Nonce);
}
