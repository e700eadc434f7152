using System.Security.Cryptography;
using System.Text;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Codes for the day the authenticator is lost: ten of 80 random bits, each good once, of which only hashes are kept.</summary>
internal static class RecoveryCodes
{
    public const int Count = 10;
    private const int Length = 16;

    /// <summary>Digits and letters without those that are read as others.</summary>
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary><c>x4k2-9qwe-…</c>: four groups of four.</summary>
    public static string New() => string.Join('-', RandomNumberGenerator.GetString(Alphabet, Length).Chunk(4).Select(group => new string(group)));

    /// <summary>What is kept of a code, however it was typed: case, spaces and dashes do not count, nor i and l for 1, nor o for 0.</summary>
    public static byte[] Hash(string code)
    {
        var plain = new StringBuilder(Length);
        foreach (var character in code.ToLowerInvariant())
            if (!char.IsWhiteSpace(character) && character != '-')
                plain.Append(character switch { 'i' or 'l' => '1', 'o' => '0', _ => character });
        return SHA256.HashData(Encoding.UTF8.GetBytes(plain.ToString()));
    }
}

/// <summary>A recovery code. The code itself is not kept.</summary>
internal sealed class RecoveryCode(Guid userId, byte[] hash)
{
    public Guid UserId { get; private set; } = userId;
    public byte[] Hash { get; private set; } = hash;
    public DateTimeOffset? UsedAt { get; private set; }
}

/// <summary>A person's authenticator application.</summary>
internal sealed class Authenticator(Guid userId, byte[] protectedSecret, long lastStep, DateTimeOffset since)
{
    public Guid UserId { get; private set; } = userId;

    /// <summary>The secret, encrypted by the platform's key ring.</summary>
    public byte[] ProtectedSecret { get; private set; } = protectedSecret;

    /// <summary>The step of the last code taken: no code is taken twice (RFC 6238 §5.2).</summary>
    public long LastStep { get; private set; } = lastStep;

    public DateTimeOffset Since { get; private set; } = since;
}
