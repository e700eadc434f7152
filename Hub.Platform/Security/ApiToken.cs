using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CodeZero.Hub.Platform.Security;

/// <summary>
/// A token that programs send as they got it. <c>czp_</c> for a person, <c>czo_</c> for an organization, whose id then follows in 22 characters, so that the row is found within its tenant;
/// 32 random characters (190 bits); 6 characters of CRC-32 over all before, so that a typo or a lookalike is known without the database, by secret scanners too. All in base 62.
/// </summary>
public sealed class ApiToken
{
    public const string PersonPrefix = "czp_";
    public const string OrganizationPrefix = "czo_";

    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet);

    private const int PrefixLength = 4, OrganizationLength = 22, SecretLength = 32, ChecksumLength = 6;

    private readonly string _text;

    private ApiToken(Guid? organizationId, string text) => (OrganizationId, _text) = (organizationId, text);

    /// <summary>The organization whose key it is; null for a person's token.</summary>
    public Guid? OrganizationId { get; }

    /// <summary>What is kept: SHA-256 of the whole token, whose random part is too long to be searched.</summary>
    public byte[] Hash => SHA256.HashData(Encoding.ASCII.GetBytes(_text));

    /// <summary>A new token of a person, or of an organization.</summary>
    public static ApiToken Create(Guid? organizationId = null)
    {
        var start = organizationId is { } organization
            ? OrganizationPrefix + Encode(BinaryPrimitives.ReadUInt128BigEndian(organization.ToByteArray(bigEndian: true)), OrganizationLength)
            : PersonPrefix;
        var text = start + RandomNumberGenerator.GetString(Alphabet, SecretLength);
        return new(organizationId, text + ChecksumOf(text));
    }

    /// <summary>Whether a text says by its beginning that it is such a token.</summary>
    public static bool Claims(string? text) =>
        text is not null && (text.StartsWith(PersonPrefix, StringComparison.Ordinal) || text.StartsWith(OrganizationPrefix, StringComparison.Ordinal));

    /// <summary>Null when the text is no such token: another beginning, length or character, or a checksum that does not fit.</summary>
    public static ApiToken? Parse(string? text)
    {
        if (!Claims(text))
            return null;
        var ofOrganization = text!.StartsWith(OrganizationPrefix, StringComparison.Ordinal);
        var length = PrefixLength + (ofOrganization ? OrganizationLength : 0) + SecretLength + ChecksumLength;
        if (text.Length != length || text.AsSpan(PrefixLength).ContainsAnyExcept(Characters) || ChecksumOf(text[..^ChecksumLength]) != text[^ChecksumLength..])
            return null;
        if (!ofOrganization)
            return new(null, text);
        return Decode(text.AsSpan(PrefixLength, OrganizationLength)) is { } organization ? new(organization, text) : null;
    }

    /// <summary>The token itself, for who made it alone.</summary>
    public string Reveal() => _text;

    private static string ChecksumOf(string text) => Encode(Crc32(Encoding.ASCII.GetBytes(text)), ChecksumLength);

    private static string Encode(UInt128 number, int length) => string.Create(length, number, static (digits, rest) =>
    {
        for (var i = digits.Length - 1; i >= 0; i--)
            (digits[i], rest) = (Alphabet[(int)(rest % 62)], rest / 62);
    });

    /// <summary>Null for what is larger than any id.</summary>
    private static Guid? Decode(ReadOnlySpan<char> digits)
    {
        UInt128 number = 0;
        foreach (var digit in digits)
        {
            var value = (UInt128)Alphabet.IndexOf(digit, StringComparison.Ordinal);
            if (number > (UInt128.MaxValue - value) / 62)
                return null;
            number = number * 62 + value;
        }
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, number);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>CRC-32 as in ISO 3309: reflected, polynomial 0xEDB88320.</summary>
    private static uint Crc32(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB88320;
        }
        return ~crc;
    }
}
