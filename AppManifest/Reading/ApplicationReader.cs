using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest.Reading;

/// <summary>Reads the root mapping of an application.</summary>
/// <param name="files">Where references lead; nothing when there are none left, as in canonical JSON.</param>
internal sealed partial class ApplicationReader(ReadContext context, ManifestFiles? files)
{
    private const int LongestAppId = 40;
    private const int ShortestAppId = 5;
    private readonly Dictionary<string, Asset> _assets = new(StringComparer.Ordinal);

    /// <summary>The edition files that were referred to.</summary>
    public HashSet<string> EditionFiles { get; } = new(StringComparer.Ordinal);

    public Application? Read(YamlNode document)
    {
        if (MappingReader.From(document, "", context) is not { } root)
            return null;
        var appId = AppId(root);
        if (appId is null && (root.Node["name"] is null || root.Node["editions"] is null))
            return null;
        var name = root.Text("name", required: true, longest: 80);
        var package = root.Name("package", Formats.IsPackage, "npm package name, such as '@provisioner/appengine'");
        var application = new Application
        {
            AppId = appId ?? "",
            Name = name ?? "",
            Package = package,
            Summary = Prose(root, "summary", 1_000),
            Description = Prose(root, "description", 20_000),
            Category = Category(root),
            Keywords = root.Texts("keywords", oldName: "keyworks", most: 50, longest: 60),
            Repo = Url(root, "repo"),
            License = Prose(root, "license", 20_000),
            Support = Prose(root, "support", 20_000),
            Terms = Prose(root, "terms", 20_000),
            Privacy = Prose(root, "privacy", 20_000),
            Icon = Icon(root),
            Screenshots = Screenshots(root),
            YouTubeVideo = Video(root),
            Provisioner = About(root),
            IsSystem = PlatformFlag(root),
            FixedId = PlatformId(root),
            Editions = new EditionsReader(context, files, appId, package, EditionFiles).Read(root),
            Assets = Assets(root),
            Canonical = default,
            Digest = default,
        };
        root.Complete(UnknownKeys.Refuse);
        if (package is null && application.Summary is null && application.Icon is null && !context.FromCanonical)
            context.Warning("manifest.bare", "The application has no package, summary or icon: people will not know what it is.", root.Node.Mark, "");
        var canonical = CanonicalJson.Serialize(root.Json);
        return application with { Canonical = canonical, Digest = Digest.Of(canonical) };
    }

    private string? AppId(MappingReader root)
    {
        if (root.Take("appId", oldName: "id") is null)
        {
            var reason = root.Node["editions"] is null && root.Node["spec"] is not null ? "it looks like an edition file: publish the manifest that lists it"
                : root.Node["editions"] is not null ? "it looks like an overlay, which only changes another manifest"
                : "add it: a short lower-case name";
            context.Error("manifest.no_app_id", $"The document has no appId, so it is no application; {reason}.", root.Node.Mark, "appId");
            return null;
        }
        if (root.Text("appId", oldName: root.Node["appId"] is null ? "id" : null) is not { } appId)
            return null;
        var shortest = context.IsPlatform ? 1 : ShortestAppId;
        if (Formats.IsDnsLabel(appId) && appId.Length <= LongestAppId && appId.Length >= shortest && !appId.Contains("--", StringComparison.Ordinal))
            return appId;
        root.Error("manifest.value", $"\"{Shown.Text(appId)}\" is no appId: use {ShortestAppId} to {LongestAppId} lower-case letters, digits and single '-', not at the ends.", "appId");
        return null;
    }

    /// <summary>Markdown, a URL, or the path of a Markdown file whose text takes its place.</summary>
    private string? Prose(MappingReader root, string key, int longest)
    {
        if (root.Text(key, longest: longest) is not { } text || files is null || text.Contains('\n', StringComparison.Ordinal) || Formats.IsHttpUrl(text))
            return root.Json[key]?.GetValue<string>();
        var isPath = text.StartsWith("./", StringComparison.Ordinal);
        if (!isPath && (!text.EndsWith(".md", StringComparison.OrdinalIgnoreCase) || text.Contains(' ', StringComparison.Ordinal)))
            return text;
        var found = files.Find(text);
        if (found.Outcome == FileOutcome.Missing && !isPath)
            return text;
        if (found.Outcome != FileOutcome.Found)
        {
            root.Error("manifest.missing_file", $"\"{Shown.Text(text)}\" {found.Problem}.", key);
            return null;
        }
        if (Inline(found.Content, text, longest, root, key) is not { } inlined)
            return null;
        root.Json[key] = inlined;
        return inlined;
    }

    private static string? Inline(ReadOnlyMemory<byte> content, string file, int longest, MappingReader root, string key)
    {
        var found = new List<Diagnostic>();
        if (YamlSource.Decode(content.Span, file, new YamlLimits(), found) is { } text && text.Length <= longest)
            return text.ReplaceLineEndings("\n");
        root.Error("manifest.value", found.Count > 0 ? $"{Shown.Text(file)}: {found[0].Message}" : $"{Shown.Text(file)} has more than {longest} characters.", key);
        return null;
    }

    private static string? Url(MappingReader root, string key) => root.Name(key, Formats.IsHttpUrl, "http(s) URL");

    private static string? Category(MappingReader root) =>
        root.OneOf("category", s_categories) is { } index ? Categories.All[index] : null;

    private Artwork? Icon(MappingReader root)
    {
        if (root.Take("icon") is not { } node || Artwork.Read(node, root.PathOf("icon"), context) is not { } icon)
            return null;
        root.Json["icon"] = icon.Value;
        Collect(icon, node, root.PathOf("icon"));
        return icon;
    }

    private List<Artwork> Screenshots(MappingReader root)
    {
        var all = new List<Artwork>();
        foreach (var (node, path) in root.Items("screenshots", most: 10))
        {
            if (Artwork.Read(node, path, context) is not { } artwork)
                continue;
            all.Add(artwork);
            Collect(artwork, node, path);
        }
        if (all.Count > 0)
            root.Json["screenshots"] = new JsonArray([.. all.Select(a => (JsonNode)a.Value)]);
        return all;
    }

    private void Collect(Artwork artwork, YamlNode node, string path)
    {
        if (artwork.Kind != ArtworkKind.File || files is null || _assets.ContainsKey(artwork.Value))
            return;
        var found = files.Find(artwork.Value);
        if (found.Outcome == FileOutcome.Missing)
            context.Warning("manifest.missing_file", $"\"{Shown.Text(artwork.Value)}\" {found.Problem}; without it, the application is published without this image.", node.Mark, path);
        else if (found.Outcome != FileOutcome.Found)
            context.Error("manifest.missing_file", $"\"{Shown.Text(artwork.Value)}\" {found.Problem}.", node.Mark, path);
        else if (found.Content.Length > Artwork.LargestBytes)
            context.Error("manifest.artwork", Artwork.TooLarge(found.Content.Length), node.Mark, path);
        else if (Artwork.MediaTypeOf(found.Content.Span) is not { } mediaType)
            context.Error("manifest.artwork", $"\"{Shown.Text(artwork.Value)}\" is no image. Use SVG, PNG, JPEG, GIF or WebP.", node.Mark, path);
        else
            _assets[artwork.Value] = new(artwork.Value, Digest.Of(found.Content.Span), found.Content.Length, mediaType);
    }

    /// <summary>
    /// The digests of the files are part of the published form, so that a new icon is a new version. No manifest may state them itself.
    /// </summary>
    private List<Asset> Assets(MappingReader root)
    {
        if (context.FromCanonical && root.Mapping("assets") is { } written)
        {
            foreach (var entry in written.Node.Entries)
                if (written.Mapping(entry.Key) is { } asset)
                {
                    if (asset.Name("digest", text => Digest.TryParse(text, out _), "digest", required: true) is { } digest
                        && asset.Text("mediaType", required: true) is { } mediaType && asset.Integer("sizeBytes", 0, Artwork.LargestBytes, required: true) is { } size)
                        _assets[entry.Key] = new(entry.Key, Digest.Parse(digest), size, mediaType);
                    asset.Complete(UnknownKeys.Keep);
                }
        }
        else if (_assets.Count > 0)
        {
            root.Json["assets"] = new JsonObject(_assets.Values.Select(a => KeyValuePair.Create(a.Path, (JsonNode?)new JsonObject
            {
                ["digest"] = a.Digest.ToString(),
                ["mediaType"] = a.MediaType,
                ["sizeBytes"] = a.SizeBytes,
            })));
        }
        return [.. _assets.Values.OrderBy(a => a.Path, StringComparer.Ordinal)];
    }

    private static string? Video(MappingReader root)
    {
        if (root.Mapping("video") is not { } video)
            return null;
        video.OneOf("type", s_videoTypes, required: true);
        var id = video.Name("id", text => VideoId().IsMatch(text), "YouTube video id", required: true);
        video.Complete(UnknownKeys.Refuse);
        return id;
    }

    private ProvisionerInfo? About(MappingReader root)
    {
        if (root.Mapping("provisioner") is not { } about)
            return null;
        var info = new ProvisionerInfo(Url(about, "repo"), Prose(about, "support", 20_000), Prose(about, "license", 20_000), Prose(about, "terms", 20_000), Prose(about, "privacy", 20_000));
        about.Complete(UnknownKeys.Refuse);
        return info;
    }

    private bool PlatformFlag(MappingReader root)
    {
        var system = root.Flag("system") ?? false;
        return root.Json.ContainsKey("system") && !KeepForPlatform(root, "system") ? false : system;
    }

    private string? PlatformId(MappingReader root)
    {
        var id = root.Name("_id", Formats.IsDnsLabel, Formats.LabelRule);
        return id is not null && !KeepForPlatform(root, "_id") ? null : id;
    }

    private bool KeepForPlatform(MappingReader root, string key)
    {
        if (context.IsPlatform)
            return true;
        root.Warning("manifest.platform_only", $"`{key}` is for the platform's own applications and is ignored. Remove it.", key);
        root.Json.Remove(key);
        return false;
    }

    private static readonly Dictionary<string, int> s_categories = Categories.All.Select((name, i) => (name, i)).ToDictionary(x => x.name, x => x.i, StringComparer.Ordinal);
    private static readonly Dictionary<string, int> s_videoTypes = new(StringComparer.Ordinal) { ["youtube"] = 0 };

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{6,20}\z")]
    private static partial Regex VideoId();
}
