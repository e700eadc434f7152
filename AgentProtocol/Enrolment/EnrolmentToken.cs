using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol;

/// <summary>
/// A one-time token by which an agent joins one cluster record:
/// <c>cze_&lt;base64url(organization, cluster, enrolment: 16 bytes each)&gt;_&lt;base64url(32 random bytes)&gt;_&lt;CRC-32 of all before, 8 hex digits&gt;</c>, 121 characters.
/// The prefix lets secret scanners find it; the checksum tells a mistyped token from an unknown one.
/// </summary>
public sealed record EnrolmentToken
{
    /// <summary>What every token begins with.</summary>
    public const string Prefix = "cze_";

    /// <summary>The length of every token, in characters.</summary>
    public const int Length = 121;

    private const int IdsAt = 4, IdsLength = 64, SecretAt = IdsAt + IdsLength + 1, SecretLength = 43, SumAt = SecretAt + SecretLength + 1, SecretBytes = 32;
    private readonly string _text;

    private EnrolmentToken(Guid organization, Guid cluster, Guid enrolment, string text) =>
        (Organization, Cluster, Enrolment, _text) = (organization, cluster, enrolment, text);

    public Guid Organization { get; }
    public Guid Cluster { get; }
    public Guid Enrolment { get; }

    /// <summary>What the Hub keeps instead of the token: the SHA-256 of its whole text.</summary>
    public Digest Hash => Digest.Of(Encoding.ASCII.GetBytes(_text));

    public static EnrolmentToken Create(Guid organization, Guid cluster, Guid enrolment)
    {
        byte[] ids = [.. organization.ToByteArray(bigEndian: true), .. cluster.ToByteArray(bigEndian: true), .. enrolment.ToByteArray(bigEndian: true)];
        var body = $"{Prefix}{Base64Url.EncodeToString(ids)}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes))}";
        return new(organization, cluster, enrolment, $"{body}_{Checksum(body)}");
    }

    /// <summary>Reads a token's text. Whether it is known, unused and in time, only the Hub can say.</summary>
    /// <returns><see cref="RefusalCode.EnrolmentToken"/> otherwise; the reason does not repeat the token.</returns>
    public static Checked<EnrolmentToken> Parse(string text)
    {
        if (text.Length != Length || !text.StartsWith(Prefix, StringComparison.Ordinal) || text[SecretAt - 1] != '_' || text[SumAt - 1] != '_'
            || !Rules.TryBase64Url(text[IdsAt..(IdsAt + IdsLength)], out var ids) || !Rules.TryBase64Url(text[SecretAt..(SecretAt + SecretLength)], out _))
            return new Refusal(RefusalCode.EnrolmentToken, $"This is no enrolment token: one begins with {Prefix} and has {Length} characters. Copy the whole join command again.");
        if (text[SumAt..] != Checksum(text[..(SumAt - 1)]))
            return new Refusal(RefusalCode.EnrolmentToken, "The enrolment token is mistyped or cut: its checksum does not fit. Copy the whole join command again.");
        return new EnrolmentToken(Id(ids, 0), Id(ids, 1), Id(ids, 2), text);
    }

    /// <summary>The token itself: a secret until it is used.</summary>
    public string Reveal() => _text;

    /// <summary>Names the enrolment and hides the secret, so that a log cannot hold it.</summary>
    public override string ToString() => $"{Prefix}… (enrolment {Enrolment})";

    private static Guid Id(byte[] ids, int index) => new(ids.AsSpan(16 * index, 16), bigEndian: true);

    /// <summary>CRC-32 as in ISO-HDLC, zip and PNG (reflected, polynomial 0xEDB88320).</summary>
    private static string Checksum(string text)
    {
        var crc = uint.MaxValue;
        foreach (var c in text)
        {
            crc ^= (byte)c;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1)));
        }
        return (~crc).ToString("x8", CultureInfo.InvariantCulture);
    }
}
