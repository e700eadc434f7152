using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace CodeZero.AgentProtocol.Wire;

/// <summary>Forms of the values in messages.</summary>
internal static partial class Rules
{
    /// <summary>Largest integer every JSON reader keeps exactly (RFC 8259 §6).</summary>
    public const long MaxSafeInteger = (1L << 53) - 1;

    /// <summary>RFC 1123 label, as Kubernetes names namespaces and most objects.</summary>
    public static bool IsLabel(string? text) => text is { Length: <= 63 } && Label().IsMatch(text);

    /// <summary>An application: <c>name</c> or <c>publisher/name</c>, each a label.</summary>
    public static bool IsApp(string? text) => text?.Split('/') is { Length: 1 or 2 } parts && parts.All(IsLabel);

    /// <summary>A Kubernetes label value in lower case.</summary>
    public static bool IsEdition(string? text) => text is { Length: <= 63 } && Edition().IsMatch(text);

    /// <summary>What may stand in a version: SemVer's characters.</summary>
    public static bool IsVersion(string? text) => text is { Length: <= 128 } && Version().IsMatch(text);

    /// <summary>An npm package name.</summary>
    public static bool IsPackage(string? text) => text is { Length: <= 214 } && Package().IsMatch(text);

    /// <summary>Subresource integrity with SHA-512, as npm's <c>dist.integrity</c>.</summary>
    public static bool IsIntegrity(string? text) =>
        text is not null && text.StartsWith("sha512-", StringComparison.Ordinal) && TryBase64(text["sha512-".Length..], out var hash) && hash.Length == 64;

    /// <summary>An RFC 7638 thumbprint: base64url of 32 bytes.</summary>
    public static bool IsThumbprint(string? text) => TryBase64Url(text, out var bytes) && bytes.Length == 32;

    /// <summary>Text for people: 1 to <paramref name="max"/> characters, none of which steers a terminal or turns the direction of writing.</summary>
    public static bool IsText(string? text, int max) => text is { Length: > 0 } && text.Length <= max && !text.Any(Steers);

    /// <summary>The beginning of a text from the other side, fit to stand in a reason.</summary>
    public static string Excerpt(string text, int max)
    {
        var harmless = string.Concat(text.Take(max).Select(c => Steers(c) ? '?' : c));
        return text.Length <= max ? harmless : harmless + "…";
    }

    private static bool Steers(char c) => char.IsControl(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    /// <summary>Standard base64 with padding (RFC 4648 §4), in its one canonical writing: no white space, no stray bits.</summary>
    public static bool TryBase64(string? text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text is null || text.Length % 4 != 0)
            return false;
        var buffer = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64String(text, buffer, out var length) || Convert.ToBase64String(buffer, 0, length) != text)
            return false;
        bytes = buffer[..length];
        return true;
    }

    /// <summary>base64url without padding (RFC 4648 §5, RFC 7515 §2), in its one canonical writing.</summary>
    public static bool TryBase64Url(string? text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text is null || text.Length % 4 == 1)
            return false;
        var buffer = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        try
        {
            if (!Base64Url.TryDecodeFromChars(text, buffer, out var length) || Base64Url.EncodeToString(buffer.AsSpan(0, length)) != text)
                return false;
            bytes = buffer[..length];
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Label();

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9_.]*[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Edition();

    [GeneratedRegex(@"\A[0-9A-Za-z][0-9A-Za-z.+-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Version();

    [GeneratedRegex(@"\A(@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Package();
}
