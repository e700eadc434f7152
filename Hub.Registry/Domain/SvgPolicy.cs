using System.Collections.Frozen;
using System.Xml;

namespace CodeZero.Hub.Registry.Domain;

/// <summary>Something in an SVG image that could act, and where.</summary>
internal sealed record ActiveContent(int Line, int Column, string Message);

/// <summary>
/// Which SVG images are shown: still ones, complete in themselves. An image is refused and not repaired, because it is addressed by the digest of what its
/// publisher sent. It is served sandboxed besides (<see cref="Features.GetArtwork"/>): either lock alone would do.
/// </summary>
internal static class SvgPolicy
{
    private const string Svg = "http://www.w3.org/2000/svg", Xhtml = "http://www.w3.org/1999/xhtml", MathMl = "http://www.w3.org/1998/Math/MathML";

    private static readonly FrozenSet<string> s_elements = FrozenSet.Create(StringComparer.Ordinal,
        "svg", "g", "defs", "symbol", "use", "switch", "view", "title", "desc", "metadata", "style",
        "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "image", "text", "tspan", "textPath",
        "linearGradient", "radialGradient", "stop", "pattern", "clipPath", "mask", "marker", "filter",
        "feBlend", "feColorMatrix", "feComponentTransfer", "feComposite", "feConvolveMatrix", "feDiffuseLighting", "feDisplacementMap", "feDistantLight",
        "feDropShadow", "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feImage", "feMerge", "feMergeNode", "feMorphology",
        "feOffset", "fePointLight", "feSpecularLighting", "feSpotLight", "feTile", "feTurbulence");

    private static readonly string[] s_images = ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/jpg;base64,", "data:image/gif;base64,", "data:image/webp;base64,"];

    /// <summary>The first thing in the image that is not allowed, or null.</summary>
    public static ActiveContent? Find(ReadOnlyMemory<byte> svg)
    {
        using var stream = new MemoryStream(svg.ToArray(), writable: false);
        using var reader = XmlReader.Create(stream, new XmlReaderSettings { DtdProcessing = DtdProcessing.Parse, XmlResolver = null, MaxCharactersFromEntities = 1 });
        var place = (IXmlLineInfo)reader;
        try
        {
            var inStyle = false;
            while (reader.Read())
            {
                var problem = reader.NodeType switch
                {
                    XmlNodeType.DocumentType => reader.Value.Length > 0 ? "declares entities or attributes of its own" : null,
                    XmlNodeType.ProcessingInstruction => $"has the processing instruction {reader.Name}",
                    XmlNodeType.Element => Element(reader, ref inStyle) ?? Attributes(reader),
                    XmlNodeType.Text or XmlNodeType.CDATA when inStyle => Style(reader.Value),
                    _ => null,
                };
                if (problem is not null)
                    return new(place.LineNumber, place.LinePosition, $"The image {problem}, which could act or load something. Save it as a plain, still SVG, or use PNG.");
            }
            return null;
        }
        catch (XmlException e)
        {
            return new(e.LineNumber, e.LinePosition, "The image is no well-formed SVG. Save it again as SVG, or use PNG.");
        }
    }

    private static string? Element(XmlReader reader, ref bool inStyle)
    {
        inStyle = reader.LocalName == "style";
        return reader.NamespaceURI switch
        {
            Svg or "" when !s_elements.Contains(reader.LocalName) => $"has the element <{reader.LocalName}>",
            Xhtml or MathMl => $"has the foreign element <{reader.LocalName}>",
            _ => null,
        };
    }

    private static string? Attributes(XmlReader reader)
    {
        while (reader.MoveToNextAttribute())
        {
            var problem = reader.LocalName.ToLowerInvariant() switch
            {
                ['o', 'n', ..] => $"has the event handler {reader.LocalName}",
                "base" when reader.Prefix == "xml" => "has an xml:base",
                "href" or "src" when !IsInside(reader.Value) => $"refers to \"{Cut(reader.Value)}\"",
                _ => reader.NamespaceURI == "http://www.w3.org/2000/xmlns/" ? null : Style(reader.Value),
            };
            if (problem is not null)
                return problem;
        }
        return null;
    }

    private static bool IsInside(string reference) =>
        reference.StartsWith('#') || s_images.Any(prefix => reference.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));

    /// <summary>CSS may only refer to what is in the image; its escapes could hide a reference, so there are none.</summary>
    private static string? Style(string css)
    {
        var dense = string.Concat(css.Where(c => !char.IsWhiteSpace(c) && c is not '"' and not '\'')).ToLowerInvariant();
        if (dense.Contains("@import", StringComparison.Ordinal) || dense.Contains("javascript:", StringComparison.Ordinal) || dense.Contains("expression(", StringComparison.Ordinal))
            return "has active CSS";
        for (var at = dense.IndexOf("url(", StringComparison.Ordinal); at >= 0; at = dense.IndexOf("url(", at + 1, StringComparison.Ordinal))
            if (!IsInside(dense[(at + "url(".Length)..]))
                return "has CSS that refers to something outside";
        return dense.Contains('\\', StringComparison.Ordinal) && dense.Contains('(', StringComparison.Ordinal) ? "has CSS with escapes" : null;
    }

    private static string Cut(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
