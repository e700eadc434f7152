using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>A client's public key to verify with (RFC 7517): P-256, or RSA of 2048 to 4096 bits with the exponent 65537.</summary>
internal sealed class ClientKey
{
    private const int MaxKeyIdLength = 200;
    private const int MinRsaBits = 2048;
    private const int MaxRsaBits = 4096;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 4, AllowDuplicateProperties = false };
    private static readonly string[] PrivateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
    private readonly Func<AsymmetricAlgorithm> _load;
    private readonly string _canonical;
    private AsymmetricAlgorithm? _idle;

    /// <param name="load">Makes the key, and refuses one that cannot be, such as a point off the curve.</param>
    /// <exception cref="CryptographicException">It cannot be.</exception>
    private ClientKey(Func<AsymmetricAlgorithm> load, ImmutableArray<string> algorithms, string canonical, string? keyId)
    {
        (_load, Algorithms, KeyId, _canonical) = (load, algorithms, keyId, canonical);
        _idle = load();
        Thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(canonical)));
    }

    /// <summary>RFC 7638.</summary>
    public string Thumbprint { get; }

    /// <summary>The JWK's own <c>kid</c>, if any.</summary>
    public string? KeyId { get; }

    /// <summary>What it can verify: the JWK's own <c>alg</c>, or all that its type is good for.</summary>
    public ImmutableArray<string> Algorithms { get; }

    /// <summary>The key as a JWK with the members that are known here, and no others.</summary>
    public JsonObject ToJwk()
    {
        var jwk = JsonNode.Parse(_canonical)!.AsObject();
        if (KeyId is not null)
            jwk["kid"] = KeyId;
        if (Algorithms is [var only])
            jwk["alg"] = only;
        return jwk;
    }

    /// <summary>Whether a JWS that names this <c>kid</c> may be by this key: none, the JWK's own, or the thumbprint.</summary>
    public bool IsNamed(string? kid) => kid is null || kid == KeyId || kid == Thumbprint;

    /// <summary>Verifies a signature (RFC 7518 §3). The algorithm is the registered one, never the one that the JWS names.</summary>
    public bool Verify(string algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        if (!Algorithms.Contains(algorithm))
            return false;
        var key = Interlocked.Exchange(ref _idle, null) ?? _load(); // to load one costs as much as to verify, and none is for two threads at once
        try
        {
            return key switch
            {
                ECDsa ecdsa => ecdsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation),
                RSA rsa => rsa.VerifyData(signed, signature, HashAlgorithmName.SHA256, algorithm == SigningAlgorithms.Ps256 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1),
                _ => false,
            };
        }
        finally
        {
            Interlocked.Exchange(ref _idle, key)?.Dispose();
        }
    }

    /// <summary>The key, or null when the text is no JWK of a public key of these kinds.</summary>
    public static ClientKey? TryParse(string jwk)
    {
        try
        {
            using var json = JsonDocument.Parse(jwk, Strict);
            return TryParse(json.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the second: half of a surrogate pair
        {
            return null;
        }
    }

    /// <summary>The key, or null when the object is no JWK of a public key of these kinds.</summary>
    /// <exception cref="InvalidOperationException">A text in it cannot be read.</exception>
    public static ClientKey? TryParse(JsonElement jwk)
    {
        if (jwk.ValueKind != JsonValueKind.Object || PrivateMembers.Any(member => jwk.TryGetProperty(member, out _)) || (jwk.TryGetProperty("use", out _) && jwk.Text("use") != "sig")
            || (jwk.TryGetProperty("kid", out _) && !(jwk.Text("kid") is { Length: <= MaxKeyIdLength } kid && Scopes.IsVisibleText(kid))))
            return null;
        try
        {
            var key = jwk.Text("kty") switch { "EC" => ReadEc(jwk), "RSA" => ReadRsa(jwk), _ => null };
            return key is not null && key.Algorithms.Length > 0 ? key : null;
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return null;
        }
    }

    private static ClientKey? ReadEc(JsonElement jwk)
    {
        if (jwk.Text("crv") != "P-256" || jwk.Text("x") is not { Length: 43 } x || jwk.Text("y") is not { Length: 43 } y)
            return null;
        var parameters = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = { X = Base64Url.DecodeFromChars(x), Y = Base64Url.DecodeFromChars(y) } };
        return new(() => ECDsa.Create(parameters), Named(jwk, SigningAlgorithms.Es256), $$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}""", jwk.Text("kid"));
    }

    private static ClientKey? ReadRsa(JsonElement jwk)
    {
        if (jwk.Text("e") != "AQAB" || jwk.Text("n") is not { Length: <= MaxRsaBits / 6 + 2 } n)
            return null;
        var modulus = Base64Url.DecodeFromChars(n);
        if (modulus.Length is < MinRsaBits / 8 or > MaxRsaBits / 8 || modulus[0] == 0 || modulus[^1] % 2 == 0)
            return null;
        var parameters = new RSAParameters { Modulus = modulus, Exponent = [1, 0, 1] };
        return new(() => RSA.Create(parameters), Named(jwk, SigningAlgorithms.Ps256, SigningAlgorithms.Rs256), $$"""{"e":"AQAB","kty":"RSA","n":"{{n}}"}""", jwk.Text("kid"));
    }

    private static ImmutableArray<string> Named(JsonElement jwk, params string[] possible) => jwk.TryGetProperty("alg", out _) ? [.. possible.Where(algorithm => algorithm == jwk.Text("alg"))] : [.. possible];
}
