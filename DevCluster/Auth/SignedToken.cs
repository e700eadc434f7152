using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CodeZero.DevCluster.Auth;

/// <summary>A compact JWS (RFC 7515) with claims, taken apart and not verified.</summary>
/// <param name="Issuer">The claimed one: only good for finding out whose keys to verify with.</param>
internal sealed record SignedToken(string Algorithm, string? KeyId, string Issuer, JsonElement Claims, byte[] Signed, byte[] Signature)
{
    internal static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <summary>Null for what is no such token, or demands extensions that are not known (<c>crit</c>).</summary>
    public static SignedToken? TryParse(string token)
    {
        if (token.Split('.') is not [var head, var body, var signature] || !new[] { head, body, signature }.All(part => Base64Url.IsValid(part)))
            return null;
        try
        {
            var (header, claims) = (Read(head), Read(body));
            if (header.ValueKind != JsonValueKind.Object || claims.ValueKind != JsonValueKind.Object || header.TryGetProperty("crit", out _)
                || !header.TryGetProperty("alg", out var algorithm) || !claims.TryGetProperty("iss", out var issuer))
                return null;
            return new(algorithm.GetString() ?? "", header.TryGetProperty("kid", out var kid) ? kid.GetString() : null, issuer.GetString() ?? "", claims,
                Encoding.ASCII.GetBytes($"{head}.{body}"), Base64Url.DecodeFromChars(signature));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the second: a member of another kind, or half of a surrogate pair
        {
            return null;
        }
    }

    /// <summary>The part, all of whose texts can be read.</summary>
    private static JsonElement Read(string part)
    {
        var bytes = Base64Url.DecodeFromChars(part);
        using var json = JsonDocument.Parse(bytes, Strict);
        for (var reader = new Utf8JsonReader(bytes); reader.Read();)
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                reader.GetString();
        return json.RootElement.Clone();
    }
}

/// <summary>A public key of an issuer (RFC 7517): RSA of 2048 bits or more for RS256, or P-256 for ES256. What else a key set holds is passed over.</summary>
internal sealed class IssuerKey : IDisposable
{
    private const int MinRsaBits = 2048;
    private readonly string? id;
    private readonly string algorithm;
    private readonly AsymmetricAlgorithm key;

    private IssuerKey(string? id, string algorithm, AsymmetricAlgorithm key) => (this.id, this.algorithm, this.key) = (id, algorithm, key);

    /// <summary>Whether the token is signed by this key. The key says which algorithm, and not the token.</summary>
    public bool Verifies(SignedToken token) => token.Algorithm == algorithm && (token.KeyId is null || token.KeyId == id) && key switch
    {
        RSA rsa => rsa.VerifyData(token.Signed, token.Signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        ECDsa ecdsa => ecdsa.VerifyData(token.Signed, token.Signature, HashAlgorithmName.SHA256),
        _ => false,
    };

    /// <summary>The keys of a key set that can be used here.</summary>
    /// <exception cref="JsonException">It is no key set.</exception>
    public static IReadOnlyList<IssuerKey> ReadSet(ReadOnlyMemory<byte> json)
    {
        using var set = JsonDocument.Parse(json, SignedToken.Strict);
        return set.RootElement.ValueKind == JsonValueKind.Object && set.RootElement.TryGetProperty("keys", out var keys) && keys.ValueKind == JsonValueKind.Array
            ? [.. keys.EnumerateArray().Select(TryRead).OfType<IssuerKey>()]
            : throw new JsonException("it has no list of keys");
    }

    private static IssuerKey? TryRead(JsonElement jwk)
    {
        try
        {
            if (jwk.ValueKind != JsonValueKind.Object || Text(jwk, "use") is not (null or "sig"))
                return null;
            var key = Text(jwk, "kty") switch
            {
                "RSA" => Rsa(jwk),
                "EC" when Text(jwk, "crv") == "P-256" => new IssuerKey(Text(jwk, "kid"), "ES256", ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = { X = Bytes(jwk, "x"), Y = Bytes(jwk, "y") } })),
                _ => null,
            };
            return Text(jwk, "alg") is { } algorithm && algorithm != key?.algorithm ? null : key;
        }
        catch (Exception e) when (e is CryptographicException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    private static IssuerKey? Rsa(JsonElement jwk)
    {
        var modulus = Bytes(jwk, "n");
        return modulus.Length * 8 >= MinRsaBits ? new(Text(jwk, "kid"), "RS256", RSA.Create(new RSAParameters { Modulus = modulus, Exponent = Bytes(jwk, "e") })) : null;
    }

    private static byte[] Bytes(JsonElement jwk, string name) => Base64Url.DecodeFromChars(Text(jwk, name) ?? throw new FormatException($"{name} is missing"));

    private static string? Text(JsonElement jwk, string name) => jwk.TryGetProperty(name, out var value) ? value.GetString() : null;

    public void Dispose() => key.Dispose();
}
