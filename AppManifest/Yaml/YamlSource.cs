using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace CodeZero.AppManifest.Yaml;

/// <summary>The text of a YAML file: decoding, and words for what its scanner did not understand.</summary>
internal static partial class YamlSource
{
    /// <summary>Strict UTF-8 without characters that YAML does not allow (YAML 1.2.2, §5.1), or nothing and a diagnostic.</summary>
    public static string? Decode(ReadOnlySpan<byte> utf8, string file, YamlLimits limits, List<Diagnostic> diagnostics)
    {
        if (utf8.Length > limits.FileBytes)
        {
            diagnostics.Add(Diagnostic.Error("manifest.too_large",
                string.Create(CultureInfo.InvariantCulture, $"The file has {utf8.Length} bytes; at most {limits.FileBytes} are read. Split it into edition files."), new(file, 1, 1)));
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
        var said = problem.TrimEnd('.', ' ');
        return Diagnostic.Error("manifest.syntax", $"YAML cannot be read here: {said}. {Hint(lines, at - 1)}", new(file, at, Math.Max(1, column)));
    }

    private static string Hint(string[] lines, int index)
    {
        var line = lines[index];
        var before = index > 0 ? lines[index - 1] : "";
        if (TabIndent().IsMatch(line) || TabIndent().IsMatch(before))
            return "Indent with spaces: YAML does not allow tabs there.";
        if (ReservedStart().IsMatch(line))
            return "Quote values that start with @, ` or %.";
        if (line.Contains(" #", StringComparison.Ordinal) || before.Contains(" #", StringComparison.Ordinal))
            return "' #' inside plain text starts a comment: quote the whole value, or write it as a block after |.";
        if (line.Contains(": ", StringComparison.Ordinal) || line.TrimEnd().EndsWith(':') || before.Contains(": ", StringComparison.Ordinal))
            return "': ' inside plain text starts a mapping: quote the whole value, or write it as a block after |. Check the indentation too.";
        return "Check the indentation, and that every quote and bracket is closed.";
    }

    [GeneratedRegex(@"\A *\t")]
    private static partial Regex TabIndent();

    [GeneratedRegex(@"(?:\A|[:\-,\[{]) *[@`%]")]
    private static partial Regex ReservedStart();
}
