using System.Globalization;
using System.Text;
using CodeZero.AppManifest.Reading;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest;

/// <summary>How artwork is given.</summary>
public enum ArtworkKind
{
    /// <summary>A path below the manifest's directory: see <see cref="Application.Assets"/>.</summary>
    File,

    /// <summary>An address to fetch once, when publishing.</summary>
    Url,

    /// <summary>SVG markup in the manifest. It is untrusted: sanitise it before showing it.</summary>
    Svg,

    /// <summary>A base64 <c>data:</c> URI.</summary>
    Data,
}

/// <summary>An icon or a screenshot.</summary>
/// <param name="Value">The path, the URL, the markup or the data URI.</param>
public sealed record Artwork(ArtworkKind Kind, string Value)
{
    /// <summary>The largest artwork, decoded, in bytes.</summary>
    public const int LargestBytes = 500_000;

    private const string Base64Marker = ";base64,";

    internal static Artwork? Read(YamlNode node, string path, ReadContext context)
    {
        if (MappingReader.ScalarText(node, path, context, longest: 1_000_000) is not { } text)
            return null;
        var start = text.AsSpan().TrimStart();
        if (start.StartsWith("<svg", StringComparison.Ordinal) || start.StartsWith("<?xml", StringComparison.Ordinal))
            return Checked(new(ArtworkKind.Svg, text), Encoding.UTF8.GetByteCount(text), "image/svg+xml");
        if (start.StartsWith("data:", StringComparison.Ordinal))
            return DecodeData(text) is { } data ? Checked(new(ArtworkKind.Data, text), data.Length, MediaTypeOf(data)) : Invalid("This data URI is not base64. Write data:image/png;base64,…");
        if (start.StartsWith("http://", StringComparison.Ordinal) || start.StartsWith("https://", StringComparison.Ordinal))
            return Formats.IsHttpUrl(text) ? new(ArtworkKind.Url, text) : Invalid($"\"{Shown.Text(text)}\" is no URL.");
        return ManifestFiles.Relative(text) is { } relative
            ? new(ArtworkKind.File, relative)
            : Invalid($"\"{Shown.Text(text)}\" {new FileLookup(FileOutcome.Outside).Problem}.");

        Artwork? Checked(Artwork artwork, int bytes, string? mediaType)
        {
            if (bytes > LargestBytes)
                return Invalid(TooLarge(bytes));
            return mediaType is null ? Invalid("This is no image. Use SVG, PNG, JPEG, GIF or WebP.") : artwork;
        }

        Artwork? Invalid(string message)
        {
            context.Error("manifest.artwork", message, node.Mark, path);
            return null;
        }
    }

    internal static string TooLarge(int bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"The image has {bytes} bytes; at most {LargestBytes} are allowed. Make it smaller.");

    private static byte[]? DecodeData(string uri)
    {
        var at = uri.IndexOf(Base64Marker, StringComparison.Ordinal);
        if (at < 0)
            return null;
        var base64 = uri.AsSpan(at + Base64Marker.Length).Trim();
        var buffer = new byte[base64.Length / 4 * 3 + 3];
        return Convert.TryFromBase64Chars(base64, buffer, out var written) ? buffer[..written] : null;
    }

    /// <summary>The media type that the first bytes tell, or nothing when this is no image we show.</summary>
    public static string? MediaTypeOf(ReadOnlySpan<byte> content)
    {
        if (content.Length > 8 && content[0] == 0x89 && content[1..4].SequenceEqual("PNG"u8))
            return "image/png";
        if (content.Length > 3 && content[0] == 0xFF && content[1] == 0xD8 && content[2] == 0xFF)
            return "image/jpeg";
        if (content.StartsWith("GIF87a"u8) || content.StartsWith("GIF89a"u8))
            return "image/gif";
        if (content.Length > 12 && content.StartsWith("RIFF"u8) && content[8..12].SequenceEqual("WEBP"u8))
            return "image/webp";
        return IsSvg(content) ? "image/svg+xml" : null;
    }

    private static bool IsSvg(ReadOnlySpan<byte> content)
    {
        var head = Encoding.UTF8.GetString(content[..Math.Min(content.Length, 4_096)]).TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        return (head.StartsWith("<svg", StringComparison.Ordinal) || head.StartsWith("<?xml", StringComparison.Ordinal)
            || head.StartsWith("<!--", StringComparison.Ordinal) || head.StartsWith("<!DOCTYPE", StringComparison.OrdinalIgnoreCase)) && head.Contains("<svg", StringComparison.Ordinal);
    }
}

/// <summary>A file that belongs to an application.</summary>
/// <param name="Path">As the manifest refers to it, in its one form.</param>
/// <param name="Digest">Of its content.</param>
/// <param name="SizeBytes">At most <see cref="Artwork.LargestBytes"/>.</param>
/// <param name="MediaType">By its first bytes, not by its name.</param>
public sealed record Asset(string Path, Digest Digest, int SizeBytes, string MediaType);
