using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CodeZero.Testing;

/// <summary>A message as a mail program would show it.</summary>
/// <param name="From">Of the envelope.</param>
/// <param name="To">Of the envelope.</param>
/// <param name="Headers">Unfolded and decoded, by name.</param>
/// <param name="Text">Decoded, lines ended by a line feed.</param>
/// <param name="WasEncrypted">Whether it came over TLS.</param>
/// <param name="User">Who sent it, of AUTH; null without.</param>
public sealed partial record ReceivedEmail(string From, string To, IReadOnlyDictionary<string, string> Headers, string Text, bool WasEncrypted, string? User)
{
    public string Subject => Headers["Subject"];

    /// <summary>The first address of a web page in the text, as path and query.</summary>
    public string Link => Address().Match(Text) is { Success: true } match ? new Uri(match.Value).PathAndQuery : throw new InvalidOperationException($"No link in: {Text}");

    internal bool IsSeen { get; set; }

    internal static ReceivedEmail Parse(string from, string to, List<string> lines, bool wasEncrypted, string? user)
    {
        var end = lines.IndexOf("");
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in string.Join('\n', lines.Take(end)).Replace("\n ", " ", StringComparison.Ordinal).Split('\n'))
            headers.Add(header[..header.IndexOf(':', StringComparison.Ordinal)], DecodeWords(header[(header.IndexOf(':', StringComparison.Ordinal) + 2)..]));
        var body = string.Join('\n', lines.Skip(end + 1));
        return new(from, to, headers, headers.GetValueOrDefault("Content-Transfer-Encoding") == "quoted-printable" ? DecodeQuotedPrintable(body) : body, wasEncrypted, user);
    }

    /// <summary>RFC 2047: spaces between encoded words do not count.</summary>
    private static string DecodeWords(string value) => EncodedWord().Replace(BetweenWords().Replace(value, "$1"),
        word => Encoding.GetEncoding(word.Groups["charset"].Value).GetString(Convert.FromBase64String(word.Groups["text"].Value)));

    private static string DecodeQuotedPrintable(string body)
    {
        var bytes = new List<byte>();
        body = body.Replace("=\n", "", StringComparison.Ordinal);
        for (var i = 0; i < body.Length; i++)
            if (body[i] == '=')
            {
                bytes.Add(byte.Parse(body.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 2;
            }
            else
                bytes.Add((byte)body[i]);
        return Encoding.UTF8.GetString([.. bytes]);
    }

    [GeneratedRegex(@"https?://\S+")]
    private static partial Regex Address();

    [GeneratedRegex(@"=\?(?<charset>[^?]+)\?B\?(?<text>[^?]*)\?=")]
    private static partial Regex EncodedWord();

    [GeneratedRegex(@"(\?=)\s+(?==\?)")]
    private static partial Regex BetweenWords();
}
