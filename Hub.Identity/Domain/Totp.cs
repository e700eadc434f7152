using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Time-based one-time codes (RFC 6238), as every authenticator application makes them: HMAC-SHA-1, 6 digits, 30 seconds.</summary>
internal static class Totp
{
    /// <summary>RFC 4226 §4 R6 recommends 160 bits.</summary>
    public const int SecretBytes = 20;

    public const int Digits = 6;
    private const int StepSeconds = 30;
    private const string Base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>The code of a step: RFC 4226 §5.3.</summary>
    public static string Compute(byte[] secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350 // what authenticator applications speak; HMAC does not need its hash to resist collisions
        Span<byte> mac = stackalloc byte[HMACSHA1.HashSizeInBytes];
        HMACSHA1.HashData(secret, counter, mac);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(mac[(mac[^1] & 0xf)..]) & 0x7fffffff;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// The step that the code is of: this one, or a neighbour, for clocks that are not quite right (RFC 6238 §5.2); null when it is of none, or of one whose code
    /// was taken before, or an older.
    /// </summary>
    public static long? FindStep(byte[] secret, string code, DateTimeOffset now, long lastStep)
    {
        var current = now.ToUnixTimeSeconds() / StepSeconds;
        long? found = null;
        for (var step = current - 1; step <= current + 1; step++)
            if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(code), Encoding.UTF8.GetBytes(Compute(secret, step))) && step > lastStep)
                found ??= step;
        return found;
    }

    /// <summary>The secret as people type it: base32 (RFC 4648 §6) in groups of four.</summary>
    public static string Spell(byte[] secret) => string.Join(' ', Base32(secret).Chunk(4).Select(group => new string(group)));

    /// <summary>What an authenticator application reads from the picture.</summary>
    public static string Address(byte[] secret, string email)
    {
        const string issuer = "CodeZero Hub";
        return $"otpauth://totp/{Uri.EscapeDataString(issuer)}:{Uri.EscapeDataString(email)}?secret={Base32(secret)}&issuer={Uri.EscapeDataString(issuer)}";
    }

    private static string Base32(byte[] bytes)
    {
        var text = new StringBuilder();
        var (buffer, bits) = (0, 0);
        foreach (var value in bytes)
        {
            (buffer, bits) = ((buffer << 8) | value, bits + 8);
            for (; bits >= 5; bits -= 5)
                text.Append(Base32Alphabet[(buffer >> (bits - 5)) & 31]);
            buffer &= (1 << bits) - 1;
        }
        return bits > 0 ? text.Append(Base32Alphabet[(buffer << (5 - bits)) & 31]).ToString() : text.ToString();
    }
}
