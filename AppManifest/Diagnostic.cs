using System.Globalization;
using System.Text;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest;

/// <summary>How bad a finding is.</summary>
public enum Severity
{
    /// <summary>A documented shorthand was written out.</summary>
    Note,

    /// <summary>Accepted, but old, mistaken or unwise: the publisher should change it.</summary>
    Warning,

    /// <summary>The application is refused.</summary>
    Error,
}

/// <summary>One finding in a manifest.</summary>
/// <param name="Code">Stable, for programs: <c>manifest.unknown_key</c>.</param>
/// <param name="Message">A sentence for people: what, why, and the remedy.</param>
/// <param name="File">As the manifest names it; empty when the input was no file.</param>
/// <param name="Line">From 1; 0 when the input was no file.</param>
/// <param name="Column">From 1; 0 when the input was no file.</param>
/// <param name="Path">In the application: <c>editions[0].spec.provisioner.ports</c>.</param>
/// <param name="Suggestion">The nearest known name, when a name was not known.</param>
public sealed record Diagnostic(Severity Severity, string Code, string Message, string File, int Line, int Column, string Path, string? Suggestion = null)
{
    internal static Diagnostic Error(string code, string message, YamlMark at) => new(Severity.Error, code, message, at.File, at.Line, at.Column, "");

    /// <summary><c>c6o.yaml:12:3: error manifest.unknown_key at editions[0]: …</c></summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        if (Line > 0)
            text.Append(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}: ");
        text.Append(Severity switch { Severity.Error => "error", Severity.Warning => "warning", _ => "note" }).Append(' ').Append(Code);
        if (Path.Length > 0)
            text.Append(" at ").Append(Path);
        return text.Append(": ").Append(Message).ToString();
    }
}

/// <summary>Text from a publisher, made fit for a message: one line, no control characters, at most 60 characters.</summary>
internal static class Shown
{
    private const int Longest = 60;

    public static string Text(string text)
    {
        var cut = text.Length > Longest ? text[..Longest] + "…" : text;
        return string.Create(cut.Length, cut, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = char.IsControl(source[i]) || char.IsSurrogate(source[i]) ? '\uFFFD' : source[i];
        });
    }
}
