using System.Globalization;
using System.Text;

namespace CodeZero.Hub.Platform.Mail;

/// <summary>The message as it travels: headers (RFC 5322), and the text as quoted-printable UTF-8 (RFC 2045 §6.7), all lines ASCII and at most 76 characters.</summary>
internal static class MimeText
{
    private const int MaxLine = 76;

    /// <exception cref="ArgumentException">The recipient has a character that would end its header.</exception>
    public static string Write(Guid id, EmailMessage message, string from, string fromName, DateTimeOffset now)
    {
        if (message.To.Any(character => char.IsControl(character) || character is '<' or '>' or ' '))
            throw new ArgumentException("The recipient is not a bare address.", nameof(message));
        var text = new StringBuilder();
        Header("From", $"{Phrase(fromName)} <{from}>");
        Header("To", $"<{message.To}>");
        Header("Subject", Words(message.Subject));
        Header("Date", now.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture));
        Header("Message-ID", $"<{id:N}@{from[(from.LastIndexOf('@') + 1)..]}>");
        Header("Auto-Submitted", "auto-generated"); // RFC 3834: nobody's absence note answers it
        Header("MIME-Version", "1.0");
        Header("Content-Type", "text/plain; charset=utf-8");
        Header("Content-Transfer-Encoding", "quoted-printable");
        text.Append("\r\n");
        foreach (var line in message.Text.ReplaceLineEndings("\n").Split('\n'))
            AppendQuotedPrintable(text, line);
        return text.ToString();

        void Header(string name, string value) => text.Append(name).Append(": ").Append(value).Append("\r\n");
    }

    private static string Phrase(string name) =>
        name.All(character => char.IsAsciiLetterOrDigit(character) || character is ' ' or '-') ? name : Words(name, alwaysEncode: true);

    /// <summary>Encoded words (RFC 2047 §2) where a line is not plain ASCII: each whole characters of UTF-8, and at most 75 long.</summary>
    private static string Words(string line, bool alwaysEncode = false)
    {
        const int bytesPerWord = 42; // 56 characters of base64
        if (!alwaysEncode && line.Length < MaxLine - 10 && line.All(character => character is >= ' ' and <= '~') && !line.Contains("=?", StringComparison.Ordinal))
            return line;
        var words = new List<string>();
        var word = new List<byte>();
        foreach (var rune in line.EnumerateRunes())
        {
            var bytes = Encoding.UTF8.GetBytes((Rune.IsControl(rune) ? new Rune(' ') : rune).ToString());
            if (word.Count + bytes.Length > bytesPerWord)
                Flush();
            word.AddRange(bytes);
        }
        Flush();
        return string.Join("\r\n ", words);

        void Flush()
        {
            words.Add($"=?utf-8?B?{Convert.ToBase64String([.. word])}?=");
            word.Clear();
        }
    }

    private static void AppendQuotedPrintable(StringBuilder text, string line)
    {
        var length = 0;
        var bytes = Encoding.UTF8.GetBytes(line);
        for (var i = 0; i < bytes.Length; i++)
        {
            var plain = bytes[i] is >= 33 and <= 126 and not (byte)'=' || bytes[i] is (byte)' ' or (byte)'\t' && i < bytes.Length - 1;
            var piece = plain ? ((char)bytes[i]).ToString() : $"={bytes[i]:X2}";
            if (length + piece.Length > MaxLine - 1)
            {
                text.Append("=\r\n");
                length = 0;
            }
            text.Append(piece);
            length += piece.Length;
        }
        text.Append("\r\n");
    }
}
