using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>An authenticator application: RFC 6238 written from its text, apart from the code under test.</summary>
public static class OneTimeCodes
{
    /// <summary>RFC 6238 §4.2 over RFC 4226 §5.3, with HMAC-SHA-1.</summary>
    public static string At(byte[] key, DateTimeOffset time, int digits = 6)
    {
        var steps = (long)Math.Floor(time.ToUnixTimeMilliseconds() / 30_000m);
        var text = new byte[8];
        for (var i = 7; i >= 0; i--, steps /= 256)
            text[i] = (byte)(steps % 256);
#pragma warning disable CA5350 // the RFC's own
        var hash = HMACSHA1.HashData(key, text);
#pragma warning restore CA5350
        var offset = hash[19] & 15;
        var number = (hash[offset] & 127) * 16_777_216L + hash[offset + 1] * 65_536L + hash[offset + 2] * 256L + hash[offset + 3];
        return (number % (long)Math.Pow(10, digits)).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }

    /// <summary>Base32 (RFC 4648 §6) as a number of base 32; spaces do not count.</summary>
    public static byte[] Read(string base32)
    {
        var number = base32.Replace(" ", "", StringComparison.Ordinal).Aggregate(BigInteger.Zero, (sum, character) => sum * 32 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".IndexOf(character, StringComparison.Ordinal));
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[20 - bytes.Length], .. bytes];
    }

    public static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);
}
