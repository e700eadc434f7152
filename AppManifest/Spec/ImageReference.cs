using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace CodeZero.AppManifest;

/// <summary>
/// The name of a container image, by the grammar of the OCI distribution reference: <c>[registry[:port]/]repository[:tag][@digest]</c>.
/// The first component is a registry when it holds a dot or a colon, or is <c>localhost</c>. A registry's port is not a tag.
/// </summary>
/// <param name="Registry">Host and port, or nothing: the container runtime's default registry.</param>
/// <param name="Repository">Lower case, without the registry.</param>
/// <param name="Tag">Nothing: <c>latest</c>. Without meaning when there is a digest.</param>
/// <param name="Digest">Algorithm and hexadecimal hash of the exact image.</param>
public sealed partial record ImageReference(string? Registry, string Repository, string? Tag, string? Digest)
{
    private const int LongestName = 255;

    /// <summary>Always for a moving tag (none, or <c>latest</c>), IfNotPresent otherwise.</summary>
    public ImagePullPolicy DefaultPullPolicy => Digest is null && Tag is null or "latest" ? ImagePullPolicy.Always : ImagePullPolicy.IfNotPresent;

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImageReference? image)
    {
        image = null;
        if (text is null || text.Length > 600)
            return false;
        var (rest, digest) = SplitLast(text, '@');
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : rest[..slash];
        var registry = first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost" ? first : null;
        var path = registry is null ? rest : rest[(slash + 1)..];
        var (repository, tag) = SplitLast(path, ':');
        if (digest is not null && !DigestPattern().IsMatch(digest) || tag is not null && !IsTag(tag) || registry is not null && !Host().IsMatch(registry)
            || !Path().IsMatch(repository) || repository.Length + (registry?.Length ?? 0) > LongestName)
            return false;
        image = new(registry, repository, tag, digest);
        return true;
    }

    /// <exception cref="FormatException">The text is no image reference.</exception>
    public static ImageReference Parse(string text) =>
        TryParse(text, out var image) ? image : throw new FormatException($"\"{Shown.Text(text)}\" is no image reference.");

    /// <summary>Letters, digits, <c>_</c>, <c>.</c> and <c>-</c>, at most 128, not beginning with <c>.</c> or <c>-</c>.</summary>
    public static bool IsTag(string text) => TagPattern().IsMatch(text);

    /// <summary>What a pod names: with the digest alone when there is one, since it decides.</summary>
    public override string ToString() =>
        (Registry is null ? "" : Registry + "/") + Repository + (Digest is not null ? "@" + Digest : Tag is not null ? ":" + Tag : "");

    private static (string Before, string? After) SplitLast(string text, char separator)
    {
        var at = text.LastIndexOf(separator);
        return at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
    }

    [GeneratedRegex(@"\A(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?\z")]
    private static partial Regex Host();

    [GeneratedRegex(@"\A[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z")]
    private static partial Regex Path();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"\A(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\z")]
    private static partial Regex DigestPattern();
}
