using System.Text.RegularExpressions;

namespace CodeZero.AppManifest.Reading;

/// <summary>The shapes of names and addresses. Every pattern runs in linear time.</summary>
internal static partial class Formats
{
    public const string LabelRule = "DNS label (lower-case letters, digits and '-', at most 63, not at the ends)";

    /// <summary>RFC 1123 label.</summary>
    public static bool IsDnsLabel(string text) => text.Length <= 63 && DnsLabel().IsMatch(text);

    /// <summary>RFC 1123 subdomain: names of Secrets and ConfigMaps.</summary>
    public static bool IsDnsSubdomain(string text) => text.Length <= 253 && text.Split('.').All(IsDnsLabel);

    /// <summary>A Kubernetes port name (IANA service name).</summary>
    public static bool IsPortName(string text) => text.Length <= 15 && IsDnsLabel(text) && text.Any(char.IsAsciiLetter) && !text.Contains("--", StringComparison.Ordinal);

    /// <summary>An edition's name: a lower-case label value.</summary>
    public static bool IsEditionName(string text) => text.Length <= 63 && EditionName().IsMatch(text);

    public static bool IsVariable(string text) => text.Length <= 256 && Variable().IsMatch(text);

    public static bool IsPackage(string text) => text.Length <= 214 && Package().IsMatch(text);

    public static bool IsHttpUrl(string text) =>
        text.Length <= 2_000 && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri.Host.Length > 0 && !text.Any(char.IsWhiteSpace);

    public static bool IsAbsolutePath(string text) =>
        text.StartsWith('/') && text.Length <= 1_000 && !text.Any(char.IsControl) && !text.Contains(':', StringComparison.Ordinal) && !text.Split('/').Contains("..");

    public static bool IsUrlPath(string text) => text.StartsWith('/') && text.Length <= 1_000 && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c));

    [GeneratedRegex(@"\A[a-z0-9](?:[-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex DnsLabel();

    [GeneratedRegex(@"\A[a-z0-9](?:[-a-z0-9_.]*[a-z0-9])?\z")]
    private static partial Regex EditionName();

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\A(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*\z")]
    private static partial Regex Package();
}
