using System.Security.Cryptography;
using System.Text.Json.Nodes;
using CodeZero.AppManifest;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>
/// Names content by a keyed hash. The key is random and stays in the App's inventory Secret, because fingerprints stand where anybody may read them
/// (pod annotations, status) and a plain hash would let a reader try out short passwords.
/// </summary>
internal sealed class Fingerprint(byte[] key)
{
    private const int KeyBytes = 32;
    private const int TextLength = 32;

    public static byte[] NewKey() => RandomNumberGenerator.GetBytes(KeyBytes);

    /// <summary>32 hexadecimal digits.</summary>
    public string Of(JsonNode content) => Convert.ToHexStringLower(HMACSHA256.HashData(key, CanonicalJson.Serialize(content)))[..TextLength];
}
