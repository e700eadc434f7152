using System.Buffers.Binary;
using System.Text;

namespace CodeZero.Hub.Platform.Dns;

/// <summary>A response, as far as a question for TXT records cares.</summary>
internal abstract record DnsResponse
{
    public sealed record Text(DnsText Answer) : DnsResponse;

    /// <summary>It did not fit into a datagram: ask again over TCP (RFC 1035 §4.2.1).</summary>
    public sealed record Truncated : DnsResponse;

    /// <summary>It is no answer to this question, or no DNS message at all.</summary>
    public sealed record Foreign(string Reason) : DnsResponse;
}

/// <summary>The messages of RFC 1035 §4 for one purpose: a question for TXT records, and its answer. Whatever a server sends is read within its bounds, or refused.</summary>
internal static class DnsMessage
{
    public const int HeaderBytes = 12;

    /// <summary>The longest message over TCP (§4.2.2).</summary>
    public const int MaxBytes = ushort.MaxValue;

    private const ushort TypeCname = 5, TypeTxt = 16, ClassInternet = 1;
    private const int MaxNameBytes = 255, MaxLabelBytes = 63, MaxAliases = 8;

    /// <summary>A recursive question for the name's TXT records.</summary>
    /// <exception cref="ArgumentException">A label is empty or longer than 63 bytes, or the name longer than 255.</exception>
    public static byte[] Question(ushort id, string name)
    {
        var labels = name.Split('.');
        if (name.Length + 2 > MaxNameBytes || labels.Any(label => label.Length is 0 or > MaxLabelBytes) || !Ascii.IsValid(name))
            throw new ArgumentException("A name has labels of 1 to 63 ASCII characters and at most 253 in all.", nameof(name));
        var message = new byte[HeaderBytes + name.Length + 2 + 4];
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        message[2] = 0b_0000_0001; // RD
        message[5] = 1;            // QDCOUNT
        var at = HeaderBytes;
        foreach (var label in labels)
        {
            message[at++] = (byte)label.Length;
            at += Encoding.ASCII.GetBytes(label, message.AsSpan(at));
        }
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 1), TypeTxt);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(at + 3), ClassInternet);
        return message;
    }

    /// <summary>Reads a response to <see cref="Question"/>, following aliases within it.</summary>
    public static DnsResponse Read(ReadOnlySpan<byte> message, ushort id, string name)
    {
        if (message.Length < HeaderBytes || BinaryPrimitives.ReadUInt16BigEndian(message) != id || (message[2] & 0b_1111_1000) != 0b_1000_0000)
            return new DnsResponse.Foreign("no response to this question"); // QR set, OPCODE 0
        if ((message[2] & 0b_0000_0010) != 0)
            return new DnsResponse.Truncated();
        var (questions, answers) = (BinaryPrimitives.ReadUInt16BigEndian(message[4..]), BinaryPrimitives.ReadUInt16BigEndian(message[6..]));
        var at = HeaderBytes;
        if (questions != 1 || ReadName(message, ref at) is not { } asked || !Same(asked, name)
            || !ReadUInt16(message, ref at, out var type) || type != TypeTxt || !ReadUInt16(message, ref at, out var @class) || @class != ClassInternet)
            return new DnsResponse.Foreign("a response to another question");
        return (message[3] & 0b_0000_1111) switch
        {
            0 => ReadAnswers(message, at, answers, name),
            3 => new DnsResponse.Text(new DnsText.None()), // NXDOMAIN
            var code => new DnsResponse.Text(new DnsText.Unavailable($"the server answered with code {code}")),
        };
    }

    private static DnsResponse ReadAnswers(ReadOnlySpan<byte> message, int at, int count, string name)
    {
        var (texts, aliases) = (new List<(string Owner, string Text)>(), new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase));
        for (var i = 0; i < count; i++)
        {
            if (ReadName(message, ref at) is not { } owner || !ReadUInt16(message, ref at, out var type) || !ReadUInt16(message, ref at, out var @class)
                || (at += 4) > message.Length || !ReadUInt16(message, ref at, out var length) || at + length > message.Length) // 4: TTL
                return new DnsResponse.Foreign("a record that goes past the message's end");
            var data = at;
            at += length;
            if (@class != ClassInternet)
                continue;
            if (type == TypeCname && ReadName(message, ref data) is { } target)
                aliases.TryAdd(owner, target);
            else if (type == TypeTxt && ReadStrings(message.Slice(data, length)) is { } text)
                texts.Add((owner, text));
        }
        var owned = name;
        for (var followed = 0; followed < MaxAliases && aliases.TryGetValue(owned, out var target); followed++)
            owned = target;
        var found = texts.Where(text => Same(text.Owner, owned)).Select(text => text.Text).ToList();
        return new DnsResponse.Text(found.Count > 0 ? new DnsText.Found(found) : new DnsText.None());
    }

    /// <summary>A name (§4.1.4). A pointer leads backward only, so that no chain of them has no end. Null when it is malformed.</summary>
    private static string? ReadName(ReadOnlySpan<byte> message, ref int at)
    {
        var name = new StringBuilder();
        var (here, lowest, end) = (at, at, -1);
        while (here < message.Length)
        {
            int length = message[here];
            switch (length & 0b_1100_0000)
            {
                case 0b_1100_0000 when here + 1 < message.Length:
                    end = end < 0 ? here + 2 : end;
                    here = BinaryPrimitives.ReadUInt16BigEndian(message[here..]) & 0b_0011_1111_1111_1111;
                    if (here >= lowest)
                        return null;
                    lowest = here;
                    break;
                case 0 when length == 0:
                    at = end < 0 ? here + 1 : end;
                    return name.ToString();
                case 0 when here + 1 + length <= message.Length && name.Length + length + 1 < MaxNameBytes:
                    if (name.Length > 0)
                        name.Append('.');
                    foreach (var character in message.Slice(here + 1, length))
                        name.Append(character is > 32 and < 127 and not (byte)'.' ? (char)character : '\uFFFD'); // a dot within a label is no border between two
                    here += 1 + length;
                    break;
                default:
                    return null;
            }
        }
        return null;
    }

    /// <summary>The strings of a TXT record (§3.3.14), joined. Null when they go past its end.</summary>
    private static string? ReadStrings(ReadOnlySpan<byte> data)
    {
        var text = new StringBuilder();
        while (data.Length > 0)
        {
            var length = data[0];
            if (1 + length > data.Length)
                return null;
            foreach (var character in data.Slice(1, length))
                text.Append(character < 128 ? (char)character : '\uFFFD');
            data = data[(1 + length)..];
        }
        return text.ToString();
    }

    private static bool ReadUInt16(ReadOnlySpan<byte> message, ref int at, out ushort value)
    {
        value = 0;
        if (at + 2 > message.Length)
            return false;
        value = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
        at += 2;
        return true;
    }

    private static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
