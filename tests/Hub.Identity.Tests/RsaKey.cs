using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>An RSA key of a client; one for all tests, because making one takes long.</summary>
internal static class RsaKey
{
    private static readonly RSA Key = RSA.Create(2048);

    public static JsonObject Jwk
    {
        get
        {
            var parameters = Key.ExportParameters(false);
            return new() { ["e"] = Base64Url.EncodeToString(parameters.Exponent), ["kty"] = "RSA", ["n"] = Base64Url.EncodeToString(parameters.Modulus) };
        }
    }

    /// <summary>The same with its private members (RFC 7518 §6.3.2).</summary>
    public static JsonObject PrivateJwk
    {
        get
        {
            var (jwk, parameters) = (Jwk, Key.ExportParameters(true));
            foreach (var (name, value) in new[] { ("d", parameters.D), ("p", parameters.P), ("q", parameters.Q), ("dp", parameters.DP), ("dq", parameters.DQ), ("qi", parameters.InverseQ) })
                jwk[name] = Base64Url.EncodeToString(value);
            return jwk;
        }
    }

    /// <summary>A compact JWS with PS256 or RS256, as its header says.</summary>
    public static string Sign(JsonObject header, JsonObject claims)
    {
        var signed = $"{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(header))}.{Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims))}";
        var padding = header["alg"]!.GetValue<string>() == "RS256" ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss;
        return $"{signed}.{Base64Url.EncodeToString(Key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, padding))}";
    }
}
