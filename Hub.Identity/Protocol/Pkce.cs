using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Proof key for code exchange (RFC 7636), method S256 alone and for every client (RFC 9700 §2.1.1).</summary>
internal static class Pkce
{
    public const string Method = "S256";

    /// <summary>BASE64URL of a SHA-256: 43 characters (§4.2).</summary>
    public static bool IsChallenge(string text) => text.Length == 43 && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');

    /// <summary>43 to 128 unreserved characters (§4.1).</summary>
    public static bool IsVerifier(string text) => text.Length is >= 43 and <= 128 && text.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '.' or '_' or '~');

    /// <summary>§4.6.</summary>
    public static bool Verify(string challenge, string verifier) => CryptographicOperations.FixedTimeEquals(
        Encoding.ASCII.GetBytes(challenge), Encoding.ASCII.GetBytes(Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))));
}
