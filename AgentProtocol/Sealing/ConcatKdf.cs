using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CodeZero.AgentProtocol.Sealing;

/// <summary>The Concat KDF of ECDH-ES (RFC 7518 §4.6.2, NIST SP 800-56A §5.8.1) with SHA-256, for keys of one round.</summary>
internal static class ConcatKdf
{
    /// <param name="keyBytes">1 to 32.</param>
    public static byte[] Derive(ReadOnlySpan<byte> secret, string algorithm, ReadOnlySpan<byte> partyU, ReadOnlySpan<byte> partyV, int keyBytes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendNumber(hash, 1);
        hash.AppendData(secret);
        AppendPrefixed(hash, Encoding.ASCII.GetBytes(algorithm));
        AppendPrefixed(hash, partyU);
        AppendPrefixed(hash, partyV);
        AppendNumber(hash, 8 * keyBytes);
        return hash.GetHashAndReset()[..keyBytes];
    }

    private static void AppendPrefixed(IncrementalHash hash, ReadOnlySpan<byte> data)
    {
        AppendNumber(hash, data.Length);
        hash.AppendData(data);
    }

    private static void AppendNumber(IncrementalHash hash, int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        hash.AppendData(bytes);
    }
}
