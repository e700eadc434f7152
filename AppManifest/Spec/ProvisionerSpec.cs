using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AppManifest.Reading;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest;

/// <summary>What installs an edition: the keys every provisioner has, and AppEngine's own where it is AppEngine.</summary>
public sealed record ProvisionerSpec
{
    /// <summary>The package of the provisioner built for plain container images.</summary>
    public const string AppEnginePackage = "@provisioner/appengine";

    /// <summary>The package of the provisioner for Helm charts.</summary>
    public const string HelmEnginePackage = "@provisioner/helmengine";

    /// <summary>What stands for the package where an edition says <c>provisioner: ignore</c>: the App is shown, and nothing is installed.</summary>
    public const string IgnorePackage = "ignore";

    private const int MostDependencies = 20;

    private static readonly Dictionary<string, int> s_ui = new(StringComparer.Ordinal) { [IgnorePackage] = 0 };

    /// <summary><c>provisioner: ignore</c>: the App exists to be shown and routed to; nothing is installed.</summary>
    public bool IsIgnored { get; init; }

    /// <summary>The npm package; empty when ignored.</summary>
    public string Package { get; init; } = "";

    public string? TagPrefix { get; init; }

    /// <summary>An image tag, as text.</summary>
    public string? Tag { get; init; }

    /// <summary>The namespace to install into instead of the chosen one; platform applications only.</summary>
    public string? Namespace { get; init; }

    /// <summary>Install without asking.</summary>
    public bool SkipsInstallUi { get; init; }

    /// <summary>What must be provisioned first, in this order.</summary>
    public IReadOnlyList<Dependency> Services { get; init; } = [];

    /// <summary>What is asked before installing; empty for provisioners whose keys are not known here.</summary>
    public Flow Flow { get; init; } = Flow.Empty;

    /// <summary>The AppEngine part, when <see cref="Package"/> is AppEngine's.</summary>
    public AppEngineSpec? AppEngine { get; init; }

    /// <summary>Everything, normalised, for the provisioner whose keys are not known here.</summary>
    public JsonElement Json { get; init; }

    internal static ProvisionerSpec? Read(YamlNode node, MappingReader parent, SpecScope scope)
    {
        const string key = "provisioner";
        if (node is YamlScalar { Text: IgnorePackage })
        {
            parent.Json[key] = IgnorePackage;
            return new() { IsIgnored = true, Json = NodeJson.ToElement(JsonValue.Create(IgnorePackage)) };
        }
        if (node is not YamlMapping mapping)
        {
            parent.Error("manifest.type", $"`provisioner` is a mapping, or the word ignore, not {MappingReader.Quote(node)}.", key);
            return null;
        }
        var reader = new MappingReader(mapping, parent.PathOf(key), parent.Context);
        parent.Json[key] = reader.Json;
        return Read(reader, scope);
    }

    private static ProvisionerSpec Read(MappingReader reader, SpecScope scope)
    {
        var spec = Reserved(reader, scope);
        if (spec.Package == AppEnginePackage)
        {
            if (AppEngineSpec.ReadOwn(reader, spec) is { } engine)
                spec = spec with { AppEngine = engine, Flow = engine.Flow };
            else if (reader.Context.Options.Importer && reader.Node["package"] is null && scope is { RootPackage: not null, AppId: { } app })
                spec = spec with { Package = OwnPackage(app) };
            reader.Json["package"] = spec.Package;
            if (reader.Context.Options.Importer)
                _ = reader.Take("marina");
            reader.Complete(UnknownKeys.Warn);
        }
        else if (spec.Package == HelmEnginePackage)
        {
            foreach (var key in (string[])["chart", "repo", "clusterAdmin", "image", "configs", "secrets"])
                reader.Keep(key);
            spec = spec with { Flow = FlowReader.Read(reader, isName: text => text.Length is > 0 and <= 256) };
            reader.Complete(UnknownKeys.Warn);
        }
        else
        {
            reader.Complete(UnknownKeys.Keep);
        }
        return spec with { Json = NodeJson.ToElement(reader.Json) };
    }

    internal static ProvisionerSpec Reserved(MappingReader reader, SpecScope scope)
    {
        var written = reader.Name("package", Formats.IsPackage, "npm package name, such as '@provisioner/appengine'");
        if (written is not null && scope.RootPackage is { } root && root != written)
            reader.Warning("manifest.package_mismatch", $"The application's package is {root}; this edition's own, {written}, counts.", "package");
        var package = written ?? scope.RootPackage ?? (scope.AppId is { } app ? OwnPackage(app) : "");
        if (package.Length > 0)
            reader.Json["package"] = package;
        if (written is null && scope.RootPackage is null && package.Length > 0 && reader.Node["image"] is not null)
            reader.Warning("manifest.own_package", $"No `package` is named, so {package} is to install the application. To run the image without code of your own, write package: '{AppEnginePackage}'.", "image");
        var tagPrefix = reader.Name("tag-prefix", Formats.IsDnsLabel, Formats.LabelRule);
        var tag = Tagged(reader);
        if (reader.Text("name") is { } name && scope.AppId is { } id && name != id)
            reader.Warning("manifest.ignored", $"`name` is not used: the App is called \"{id}\". Remove it.", "name");
        if (reader.Flag("ignore") is true)
            reader.Warning("manifest.ignored", "`ignore: true` is not used: the provisioner runs. To install nothing, write provisioner: ignore.", "ignore");
        _ = reader.Take("automated");
        reader.Keep("deprovision");
        return new()
        {
            Package = package,
            TagPrefix = tagPrefix,
            Tag = tag,
            Namespace = NamespaceOf(reader),
            SkipsInstallUi = reader.OneOf("ui", s_ui) is not null,
            Services = Dependencies(reader),
        };
    }

    private static string OwnPackage(string app) => "@provisioner/" + app;

    private static string? Tagged(MappingReader reader)
    {
        if (reader.Node["tag"] is YamlScalar { Kind: YamlKind.WholeNumber or YamlKind.RealNumber, Text: var text } number)
            reader.Context.Note("manifest.tag_text", $"The tag is read as the text \"{Shown.Text(text)}\".", number.Mark, reader.PathOf("tag"));
        return reader.Name("tag", ImageReference.IsTag, "image tag: letters, digits, '_', '.' and '-', at most 128");
    }

    private static string? NamespaceOf(MappingReader reader)
    {
        const string key = "namespace";
        if (reader.Name(key, Formats.IsDnsLabel, Formats.LabelRule) is not { } name || reader.Context.IsPlatform)
            return reader.Json[key]?.GetValue<string>();
        if (reader.Context.Options.Importer)
            reader.Warning("manifest.platform_only", "`namespace` is for the platform's own applications and is dropped.", key);
        else
            reader.Error("manifest.platform_only", $"`namespace: {name}` is for the platform's own applications: who installs the application chooses where. Remove it.", key);
        reader.Json.Remove(key);
        return null;
    }

    private static List<Dependency> Dependencies(MappingReader reader)
    {
        const string key = "services";
        var all = new List<Dependency>();
        var json = new JsonArray();
        foreach (var (node, path) in Listed(reader, key))
        {
            if (node is not YamlMapping { Entries: [var entry] } || entry.Value is not (YamlMapping or YamlScalar { IsNull: true }))
            {
                reader.Context.Error("manifest.type", "A dependency is one service's name with a mapping below it.", node.Mark, path);
                continue;
            }
            if (!Formats.IsDnsLabel(entry.Key))
                reader.Context.Error("manifest.value", $"\"{Shown.Text(entry.Key)}\" is no service name: use a {Formats.LabelRule}.", entry.KeyMark, path);
            var own = new MappingReader(entry.Value as YamlMapping ?? new YamlMapping([], entry.Value.Mark), $"{path}.{Shown.Text(entry.Key)}", reader.Context);
            var package = own.Name("package", Formats.IsPackage, "npm package name") ?? OwnPackage(entry.Key);
            var target = own.Name("namespace", Formats.IsDnsLabel, Formats.LabelRule);
            own.Name("secretKeyRef", Formats.IsDnsSubdomain, "Secret name: DNS labels joined by dots");
            own.Complete(UnknownKeys.Keep);
            all.Add(new(entry.Key, package, target, NodeJson.ToElement(own.Json)));
            json.Add((JsonNode)new JsonObject { [entry.Key] = own.Json });
        }
        if (json.Count > 0)
            reader.Json[key] = json;
        return all;
    }

    /// <summary>Order counts, so the written form is a list; a mapping is understood in the order written.</summary>
    private static IEnumerable<(YamlNode Node, string Path)> Listed(MappingReader reader, string key)
    {
        if (reader.Node[key] is not YamlMapping mapping)
            return reader.Items(key, most: MostDependencies);
        reader.Take(key);
        reader.Warning("manifest.shape", "`services` is read as a list in the order written; put a dash before each.", key);
        return mapping.Entries.Take(MostDependencies).Select((entry, i) =>
            ((YamlNode)new YamlMapping([entry], entry.KeyMark), string.Create(CultureInfo.InvariantCulture, $"{reader.PathOf(key)}[{i}]")));
    }
}

/// <summary>A service that is provisioned before the App.</summary>
/// <param name="Name"><c>mysqld</c>, <c>postgres</c>, …</param>
/// <param name="Package">Its provisioner; by default <c>@provisioner/&lt;name&gt;</c>.</param>
/// <param name="Namespace">Where; nothing: beside the App.</param>
/// <param name="Spec">The whole <c>spec.provisioner</c> of the dependency.</param>
public sealed record Dependency(string Name, string Package, string? Namespace, JsonElement Spec);
