using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Codes, refresh tokens and handles: 256 random bits that only their holder has; the database has the hash.</summary>
internal static class Secrets
{
    /// <summary>The length of every secret, in characters.</summary>
    public const int Length = 43;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>What is kept. The secrets are random, so a plain hash cannot be searched.</summary>
    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>
    /// The successor of a refresh token. It needs the token itself, which the database does not have, and the salt, which the holder does not have:
    /// so the same use can be answered twice with the same successor, without keeping it.
    /// </summary>
    public static string Successor(string refreshToken, byte[] salt) => Base64Url.EncodeToString(HMACSHA256.HashData(salt, Encoding.UTF8.GetBytes(refreshToken)));
}
