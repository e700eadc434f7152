using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CodeZero.AppManifest.Yaml;

/// <summary>The text of a YAML file: decoding, and words for what its scanner did not understand.</summary>
internal static partial class YamlSource
{
    private const string Tabs = "Indent with spaces: YAML does not allow tabs there.";
    private const string Unclosed = "Check the indentation, and that every quote and bracket is closed.";

    /// <summary>Strict UTF-8 without characters that YAML does not allow (YAML 1.2.2, §5.1), or nothing and a diagnostic.</summary>
    public static string? Decode(ReadOnlySpan<byte> utf8, string file, YamlLimits limits, List<Diagnostic> diagnostics)
    {
        if (utf8.Length > limits.FileBytes)
        {
            diagnostics.Add(Diagnostic.Error("manifest.too_large",
                string.Create(CultureInfo.InvariantCulture, $"The file has more than {limits.FileBytes} bytes, which is the most that is read. Split it into edition files."), new(file, 1, 1)));
            return null;
        }
        var rest = utf8.StartsWith(Encoding.UTF8.Preamble) ? utf8[Encoding.UTF8.Preamble.Length..] : utf8;
        var text = new StringBuilder(rest.Length);
        var (line, column) = (1, 1);
        Span<char> units = stackalloc char[2];
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(rest, out var rune, out var length) != OperationStatus.Done)
            {
                diagnostics.Add(Diagnostic.Error("manifest.encoding", "This is not UTF-8. Save the file as UTF-8.", new(file, line, column)));
                return null;
            }
            if (!IsAllowed(rune.Value))
            {
                diagnostics.Add(Diagnostic.Error("manifest.encoding",
                    $"The character U+{rune.Value:X4} is not allowed in YAML. Remove it, or write it as an escape in double quotes.", new(file, line, column)));
                return null;
            }
            text.Append(units[..rune.EncodeToUtf16(units)]);
            rest = rest[length..];
            (line, column) = rune.Value == '\n' ? (line + 1, 1) : (line, column + 1);
        }
        return text.ToString();
    }

    private static bool IsAllowed(int c) => c is '\t' or '\n' or '\r' or (>= 0x20 and <= 0x7E) or 0x85 or (>= 0xA0 and not 0xFEFF and not 0xFFFE and not 0xFFFF);

    public static Diagnostic SyntaxError(string text, string file, int line, int column, string problem)
    {
        var lines = text.Split('\n');
        var at = Math.Clamp(line, 1, lines.Length);
        if (line > lines.Length)
            column = lines[^1].Length + 1; // the end of a file without a last line break
        var said = problem.TrimEnd('.', ' ');
        // The scanner notices a tab only when it has left the line before.
        if (at < lines.Length && !TabIndent().IsMatch(lines[at - 1]) && TabIndent().IsMatch(lines[at]))
            (at, column) = (at + 1, 1);
        var hint = HintFor(said) ?? Hint(lines, at - 1);
        return Diagnostic.Error("manifest.syntax", $"YAML cannot be read here: {said}. {hint}", new(file, at, Math.Max(1, column)));
    }

    /// <summary>What the scanner's own words give away.</summary>
    private static string? HintFor(string problem)
    {
        if (problem.Contains("tab character", StringComparison.Ordinal))
            return Tabs;
        if (problem.Contains("unknown escape", StringComparison.Ordinal))
            return "In double quotes a backslash starts an escape: double it, or use single quotes.";
        return problem.Contains("end of stream", StringComparison.Ordinal) || problem.Contains("quoted", StringComparison.Ordinal) || problem.Contains("flow ", StringComparison.Ordinal) ? Unclosed : null;
    }

    private static string Hint(string[] lines, int index)
    {
        var line = lines[index];
        var before = index > 0 ? lines[index - 1] : "";
        if (TabIndent().IsMatch(line) || TabIndent().IsMatch(before))
            return Tabs;
        if (ReservedStart().IsMatch(line))
            return "Quote values that start with @, ` or %.";
        if (line.Contains(" #", StringComparison.Ordinal) || before.Contains(" #", StringComparison.Ordinal))
            return "' #' inside plain text starts a comment: quote the whole value, or write it as a block after |.";
        if (line.Contains(": ", StringComparison.Ordinal) || line.TrimEnd().EndsWith(':') || before.Contains(": ", StringComparison.Ordinal))
            return "': ' inside plain text starts a mapping: quote the whole value, or write it as a block after |. Check the indentation too.";
        return Unclosed;
    }

    [GeneratedRegex(@"\A *\t")]
    private static partial Regex TabIndent();

    [GeneratedRegex(@"(?:\A|[:\-,\[{]) *[@`%]")]
    private static partial Regex ReservedStart();
}
