using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CodeZero.AgentProtocol.Signing;

/// <summary>Writes JSON Web Signatures in compact form with ES256 (RFC 7515 §3.1).</summary>
internal static class CompactJws
{
    public static string Sign<THeader, TClaims>(THeader header, JsonTypeInfo<THeader> headerType, TClaims claims, JsonTypeInfo<TClaims> claimsType, ISigner signer)
    {
        var input = $"{Encode(header, headerType)}.{Encode(claims, claimsType)}";
        return $"{input}.{Base64Url.EncodeToString(signer.Sign(Encoding.ASCII.GetBytes(input)))}";
    }

    /// <summary>A token id that is never used again: 128 random bits.</summary>
    public static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    private static string Encode<T>(T value, JsonTypeInfo<T> type) => Base64Url.EncodeToString(CanonicalJson.Serialize(JsonSerializer.SerializeToElement(value, type)));
}
