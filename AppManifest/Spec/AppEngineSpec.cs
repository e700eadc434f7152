using System.Text.Json;
using CodeZero.AppManifest.Reading;

namespace CodeZero.AppManifest;

/// <summary>When the node asks the registry for the image (Kubernetes <c>imagePullPolicy</c>).</summary>
public enum ImagePullPolicy { Always, IfNotPresent, Never }

/// <summary>What AppEngine turns into Kubernetes objects: one container image and all it needs.</summary>
public sealed record AppEngineSpec
{
    private static readonly Dictionary<string, ImagePullPolicy> s_pullPolicies = new(StringComparer.Ordinal)
    {
        ["Always"] = ImagePullPolicy.Always,
        ["IfNotPresent"] = ImagePullPolicy.IfNotPresent,
        ["Never"] = ImagePullPolicy.Never,
    };

    /// <summary>With the edition's <c>tag</c> put in, unless the image names its own tag or digest.</summary>
    public required ImageReference Image { get; init; }

    /// <summary>As written; nothing: <see cref="ImageReference.DefaultPullPolicy"/>.</summary>
    public ImagePullPolicy? PullPolicy { get; init; }

    /// <summary>In place of the image's entry point; empty: the image's own.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    public IReadOnlyList<AppPort> Ports { get; init; } = [];

    public IReadOnlyList<AppVolume> Volumes { get; init; } = [];

    /// <summary>Environment variables that anybody may read. <c>$PUBLIC_FQDN</c> and <c>$PUBLIC_URL</c> in literals are still to be replaced.</summary>
    public IReadOnlyDictionary<string, ConfigValue> Configs { get; init; } = new SortedDictionary<string, ConfigValue>(StringComparer.Ordinal);

    /// <summary>Environment variables kept in a Secret. No name is in <see cref="Configs"/> too.</summary>
    public IReadOnlyDictionary<string, ConfigValue> Secrets { get; init; } = new SortedDictionary<string, ConfigValue>(StringComparer.Ordinal);

    /// <summary>Secrets made by others, whose keys become environment variables.</summary>
    public IReadOnlyList<string> SecretRefs { get; init; } = [];

    /// <summary>ConfigMaps made by others, whose keys become environment variables.</summary>
    public IReadOnlyList<string> ConfigMapRefs { get; init; } = [];

    public AppProbes Probes { get; init; } = AppProbes.None;

    public AppSecurityContext SecurityContext { get; init; } = AppSecurityContext.None;

    public AppResources Resources { get; init; } = AppResources.None;

    public Flow Flow { get; init; } = Flow.Empty;

    /// <summary>Databases and other services this edition is linked to.</summary>
    public IReadOnlyList<Dependency> Services { get; init; } = [];

    /// <summary>The port a route leads to: the one it names; else the one with its tcp port's number; else the one called <c>http</c>; else the first.</summary>
    public AppPort? PortOf(Route route) =>
        route.TargetPort is { } number
            ? Ports.FirstOrDefault(p => p.Port == number)
            : Ports.FirstOrDefault(p => p.Port == route.Tcp?.Port) ?? Ports.FirstOrDefault(p => p.Name == "http") ?? (Ports.Count > 0 ? Ports[0] : null);

    /// <summary>Reads <c>spec.provisioner</c> of an AppEngine edition.</summary>
    public static SpecResult<AppEngineSpec> Read(JsonElement provisioner)
    {
        var context = new ReadContext(ManifestOptions.Default, fromCanonical: true);
        if (NodeJson.Read(provisioner, context) is not { } node || MappingReader.From(node, "", context) is not { } reader)
            return new(null, context.Diagnostics);
        var value = ReadOwn(reader, ProvisionerSpec.Reserved(reader, new SpecScope(null, null)));
        return new(value, context.Diagnostics);
    }

    /// <summary>Nothing without an image; everything else that is wrong is reported too.</summary>
    internal static AppEngineSpec? ReadOwn(MappingReader reader, ProvisionerSpec reserved)
    {
        var image = ReadImage(reader, reserved.Tag);
        var configs = ConfigValue.ReadAll(reader, "configs", oldName: "config", isSecret: false);
        var secrets = ConfigValue.ReadAll(reader, "secrets", oldName: "secret", isSecret: true);
        foreach (var twice in configs.Keys.Where(secrets.ContainsKey))
            reader.Error("manifest.conflict", $"{Shown.Text(twice)} stands in configs and in secrets. Keep it in one.", "secrets");
        var spec = new AppEngineSpec
        {
            Image = image ?? ImageReference.Parse("missing"),
            PullPolicy = reader.OneOf("imagePullPolicy", s_pullPolicies),
            Command = reader.Texts("command", most: 100),
            Ports = AppPort.ReadAll(reader),
            Volumes = AppVolume.ReadAll(reader),
            Configs = configs,
            Secrets = secrets,
            SecretRefs = References(reader, "secretRefs"),
            ConfigMapRefs = References(reader, "configMapRefs"),
            Probes = reader.Mapping("probes") is { } probes ? AppProbes.Read(probes) : AppProbes.None,
            SecurityContext = reader.Mapping("securityContext") is { } security ? AppSecurityContext.Read(security) : AppSecurityContext.None,
            Resources = reader.Mapping("resources") is { } resources ? AppResources.Read(resources) : AppResources.None,
            Flow = FlowReader.Read(reader, Formats.IsVariable),
            Services = reserved.Services,
        };
        if (reader.Take("execs") is not null)
            reader.Error("manifest.value", "`execs` is no longer supported: put the commands into the image, or use `command`.", "execs");
        return image is null ? null : spec;
    }

    private static ImageReference? ReadImage(MappingReader reader, string? tag)
    {
        if (reader.Text("image") is not { } text)
        {
            if (reader.Take("image") is null)
                Missing(reader);
            return null;
        }
        if (!ImageReference.TryParse(text, out var image))
        {
            reader.Error("manifest.image", $"\"{Shown.Text(text)}\" is no image. Write [registry/]repository[:tag][@sha256:…], the repository in lower case.", "image");
            return null;
        }
        if (tag is not null && (image.Tag ?? image.Digest) is not null && image.Tag != tag)
            reader.Warning("manifest.ignored", "`tag` is not used, because the image names its own tag or digest.", "tag");
        return tag is null || image.Tag is not null || image.Digest is not null ? image : image with { Tag = tag };
    }

    private static void Missing(MappingReader reader)
    {
        const string message = "AppEngine needs an image. Add `image`, or name the package of the provisioner that brings its own.";
        if (reader.Node["package"] is null)
            reader.Context.RepairableError("manifest.image_missing", message, reader.Node.Mark, reader.PathOf("image"));
        else
            reader.Error("manifest.image_missing", message, "image");
    }

    private static IReadOnlyList<string> References(MappingReader reader, string key)
    {
        var names = reader.Texts(key, most: 50, longest: 253);
        foreach (var bad in names.Where(n => !Formats.IsDnsSubdomain(n)))
            reader.Error("manifest.value", $"\"{Shown.Text(bad)}\" is no name of a Kubernetes object: use lower-case letters, digits, '-' and '.'.", key);
        return names;
    }
}
