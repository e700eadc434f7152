using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace CodeZero.AgentProtocol.Sealing;

/// <summary>AES Key Wrap (RFC 3394 §2.2) of keys whose length is a multiple of 8 bytes, at least 16.</summary>
internal static class AesKeyWrap
{
    /// <summary>A wrapped key is this much longer, in bytes.</summary>
    public const int Overhead = Block;

    private const int Block = 8, Rounds = 6;
    private static ReadOnlySpan<byte> InitialValue => [0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6, 0xA6];

    public static byte[] Wrap(byte[] keyEncryptionKey, ReadOnlySpan<byte> key)
    {
        using var aes = Aes.Create();
        aes.Key = keyEncryptionKey;
        byte[] output = [.. InitialValue, .. key];
        var count = key.Length / Block;
        Span<byte> pair = stackalloc byte[2 * Block];
        for (var step = 1; step <= Rounds * count; step++)
        {
            var register = output.AsSpan(Block * ((step - 1) % count + 1), Block);
            output.AsSpan(0, Block).CopyTo(pair);
            register.CopyTo(pair[Block..]);
            aes.EncryptEcb(pair, pair, PaddingMode.None);
            XorStep(pair, step);
            pair[..Block].CopyTo(output);
            pair[Block..].CopyTo(register);
        }
        return output;
    }

    /// <summary>The key, unless it was wrapped with another key or altered.</summary>
    public static bool TryUnwrap(byte[] keyEncryptionKey, ReadOnlySpan<byte> wrapped, [NotNullWhen(true)] out byte[]? key)
    {
        using var aes = Aes.Create();
        aes.Key = keyEncryptionKey;
        var work = wrapped.ToArray();
        var count = wrapped.Length / Block - 1;
        Span<byte> pair = stackalloc byte[2 * Block];
        for (var step = Rounds * count; step >= 1; step--)
        {
            var register = work.AsSpan(Block * ((step - 1) % count + 1), Block);
            work.AsSpan(0, Block).CopyTo(pair);
            register.CopyTo(pair[Block..]);
            XorStep(pair, step);
            aes.DecryptEcb(pair, pair, PaddingMode.None);
            pair[..Block].CopyTo(work);
            pair[Block..].CopyTo(register);
        }
        key = CryptographicOperations.FixedTimeEquals(work.AsSpan(0, Block), InitialValue) ? work[Block..] : null;
        return key is not null;
    }

    private static void XorStep(Span<byte> pair, int step) =>
        BinaryPrimitives.WriteUInt64BigEndian(pair, BinaryPrimitives.ReadUInt64BigEndian(pair) ^ (ulong)step);
}
