using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>A public P-256 key of a client (RFC 7517, RFC 7518 §6.2.1).</summary>
internal sealed record P256PublicKey
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 4, AllowDuplicateProperties = false };
    private readonly ECParameters _parameters;

    private P256PublicKey(ECParameters parameters, string thumbprint, string? keyId) => (_parameters, Thumbprint, KeyId) = (parameters, thumbprint, keyId);

    /// <summary>RFC 7638.</summary>
    public string Thumbprint { get; }

    /// <summary>The JWK's own <c>kid</c>, if any.</summary>
    public string? KeyId { get; }

    /// <summary>Whether a JWS that names this <c>kid</c> may be by this key: none, the JWK's own, or the thumbprint.</summary>
    public bool IsNamed(string? kid) => kid is null || kid == KeyId || kid == Thumbprint;

    /// <summary>Verifies an ES256 signature (RFC 7518 §3.4).</summary>
    public bool Verify(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        using var key = ECDsa.Create(_parameters);
        return key.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    /// <summary>The key, or null when the text is no JWK of a public P-256 key.</summary>
    public static P256PublicKey? TryParse(string jwk)
    {
        try
        {
            using var json = JsonDocument.Parse(jwk, Strict);
            var root = json.RootElement;
            if (root.Text("kty") != "EC" || root.Text("crv") != "P-256" || root.Text("x") is not { Length: 43 } x || root.Text("y") is not { Length: 43 } y || root.TryGetProperty("d", out _))
                return null;
            var parameters = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = { X = Base64Url.DecodeFromChars(x), Y = Base64Url.DecodeFromChars(y) } };
            using (ECDsa.Create(parameters)) // refuses a point that is not on the curve
                return new(parameters, Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes($$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}"""))), root.Text("kid"));
        }
        catch (Exception e) when (e is JsonException or FormatException or CryptographicException)
        {
            return null;
        }
    }
}
