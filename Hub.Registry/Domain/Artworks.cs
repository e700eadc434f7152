using System.Text;
using CodeZero.AppManifest;

namespace CodeZero.Hub.Registry.Domain;

/// <summary>An image of an application, ready to be kept.</summary>
internal sealed record Image(Digest Digest, string MediaType, ReadOnlyMemory<byte> Content);

/// <summary>The images that come with an application, and what is wrong with them.</summary>
/// <param name="Icon">The icon's digest; null when it has none, or one that lies elsewhere.</param>
internal sealed record Artworks(IReadOnlyList<Image> Images, Digest? Icon, IReadOnlyList<Diagnostic> Findings)
{
    /// <summary>
    /// Collects icon and screenshots. SVG is judged by <see cref="SvgPolicy"/>. An address elsewhere is kept in the manifest and never fetched by the Hub:
    /// the address would be the publisher's choice, the network the Hub's.
    /// </summary>
    public static Artworks Of(Application application, ManifestFiles files)
    {
        var images = new Dictionary<Digest, Image>();
        var findings = new List<Diagnostic>();
        Digest? icon = null;
        if (application.Icon is { } artwork)
            icon = Collect(artwork, "icon");
        for (var i = 0; i < application.Screenshots.Count; i++)
            Collect(application.Screenshots[i], $"screenshots[{i}]");
        return new([.. images.Values], icon, findings);

        Digest? Collect(Artwork given, string path)
        {
            var (file, line, content) = given.Kind switch
            {
                ArtworkKind.File when files.TryRead(given.Value, out var bytes) => (given.Value, 1, bytes),
                ArtworkKind.Svg => (files.Name, 0, Encoding.UTF8.GetBytes(given.Value)),
                ArtworkKind.Data => (files.Name, 0, Decode(given.Value)),
                _ => (files.Name, 0, ReadOnlyMemory<byte>.Empty),
            };
            if (given.Kind == ArtworkKind.Url)
                findings.Add(new(Severity.Warning, "artwork.elsewhere", "Images at other addresses are not shown. Put the image beside the manifest, and send it along.", file, 0, 0, path));
            if (content.IsEmpty || Artwork.MediaTypeOf(content.Span) is not { } mediaType)
                return null;
            if (mediaType == "image/svg+xml" && SvgPolicy.Find(content) is { } active)
            {
                findings.Add(new(Severity.Error, "artwork.active", active.Message, file, line * active.Line, line * active.Column, path));
                return null;
            }
            var image = new Image(Digest.Of(content.Span), mediaType, content);
            images[image.Digest] = image;
            return image.Digest;
        }
    }

    /// <summary>The bytes of a data URI that the parser has accepted.</summary>
    private static byte[] Decode(string dataUri) => Convert.FromBase64String(dataUri[(dataUri.IndexOf(',', StringComparison.Ordinal) + 1)..].Trim());
}
