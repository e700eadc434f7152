using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.Testing;

/// <summary>A key that makes DPoP proofs (RFC 9449), right ones and wrong ones.</summary>
public sealed class DpopKey : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>RFC 7638 thumbprint.</summary>
    public string Thumbprint => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Jwk.ToJsonString())));

    /// <summary>The public key; its members are in the order the thumbprint wants.</summary>
    public JsonObject Jwk
    {
        get
        {
            var point = _key.ExportParameters(false).Q;
            return new() { ["crv"] = "P-256", ["kty"] = "EC", ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y) };
        }
    }

    /// <summary>A proof for this request, changed as wanted.</summary>
    public string Prove(HttpMethod method, Uri address, string? accessToken = null, Action<JsonObject, JsonObject>? change = null, DateTimeOffset? at = null, DpopKey? signedBy = null)
    {
        var header = new JsonObject { ["typ"] = "dpop+jwt", ["alg"] = "ES256", ["jwk"] = Jwk };
        var claims = new JsonObject
        {
            ["jti"] = Guid.CreateVersion7().ToString(),
            ["htm"] = method.Method,
            ["htu"] = address.GetLeftPart(UriPartial.Path),
            ["iat"] = (at ?? TimeProvider.System.GetUtcNow()).ToUnixTimeSeconds(),
        };
        if (accessToken is not null)
            claims["ath"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)));
        change?.Invoke(header, claims);
        return (signedBy ?? this).Sign(header, claims);
    }

    /// <summary>A compact JWS by this key with ES256, whatever its header says.</summary>
    public string Sign(JsonObject header, JsonObject claims)
    {
        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    public void Dispose() => _key.Dispose();

    private static string Encode(JsonObject part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));
}
