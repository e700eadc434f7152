using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AppManifest.Reading;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest;

/// <summary>What reading a part of a manifest from JSON gave: a value and what is wrong with it. Nothing is to be applied that has an error.</summary>
public sealed record SpecResult<T>(T? Value, IReadOnlyList<Diagnostic> Diagnostics) where T : class
{
    public bool HasErrors => Value is null || Diagnostics.Any(d => d.Severity == Severity.Error);
}

/// <summary>An edition's <c>spec</c>, which is also the <c>spec</c> of an App in a cluster.</summary>
public sealed record EditionSpec
{
    private const int MostRoutes = 100;

    public required ProvisionerSpec Provisioner { get; init; }

    public IReadOnlyList<Route> Routes { get; init; } = [];

    /// <summary>How the desktop shows the App; nothing when it does not.</summary>
    public MarinaSpec? Marina { get; init; }

    /// <summary>The App has a settings panel.</summary>
    public bool NavStation { get; init; }

    /// <summary>Services the App offers to others, by name. Their content belongs to who uses them.</summary>
    public IReadOnlyDictionary<string, JsonElement> Services { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>Whether a browser can reach the App from outside the cluster.</summary>
    public bool HasPublicHttpRoute => Routes.Any(r => r is { Type: RouteType.Http, Disabled: false, Private: false });

    /// <summary>Reads an <see cref="Edition.Spec"/> or an App's <c>spec</c>.</summary>
    /// <param name="appName">The App's name, for the default package <c>@provisioner/&lt;name&gt;</c>.</param>
    public static SpecResult<EditionSpec> Read(JsonElement spec, string? appName = null)
    {
        var context = new ReadContext(ManifestOptions.Default, fromCanonical: true);
        var reader = NodeJson.Read(spec, context) is { } node ? MappingReader.From(node, "", context) : null;
        return new(reader is null ? null : Read(reader, new SpecScope(appName, null)), context.Diagnostics);
    }

    internal static EditionSpec? Read(MappingReader spec, SpecScope scope)
    {
        var context = spec.Context;
        var written = ReadRoutes(spec);
        var routes = written.ConvertAll(r => r.Route);
        var provisioner = ReadProvisioner(spec, scope);
        var marina = ReadMarina(spec);
        var navStation = spec.Flag("navstation") ?? false;
        var services = ReadServices(spec);
        spec.Complete(UnknownKeys.Refuse);
        if (provisioner is null)
            return null;
        var edition = new EditionSpec { Provisioner = provisioner, Routes = routes, Marina = marina, NavStation = navStation, Services = services };
        if (provisioner.AppEngine is { } engine)
            edition.CheckAgainst(engine, written, spec, scope);
        if (marina?.Launch is not null && !edition.HasPublicHttpRoute)
            context.Note("manifest.launch", "The edition has a launch action but no http route: the desktop shows connection details instead.", spec.MarkOf("marina"), spec.PathOf("marina"));
        return edition;
    }

    private void CheckAgainst(AppEngineSpec engine, List<(Route Route, MappingReader At)> written, MappingReader spec, SpecScope scope)
    {
        foreach (var (route, at) in written)
        {
            if (scope.AppId is not { } app)
                continue;
            if (route.TargetService != app)
                at.Warning("manifest.route_target",
                    $"The route leads to the Service \"{Shown.Text(route.TargetService)}\", but AppEngine makes one called \"{app}\". Write targetService: {app}.", "targetService");
            else if (route.TargetPort is { } port && engine.Ports.Count > 0 && engine.Ports.All(p => p.Port != port))
                at.Error("manifest.route_port", $"The route leads to port {port}, which is not among the edition's ports.", "targetPort");
        }
        if (HasPublicHttpRoute)
            return;
        CheckAddresses("configs", engine.Configs, spec);
        CheckAddresses("secrets", engine.Secrets, spec);
    }

    /// <summary>An edition that nobody reaches by http has no public address to put into its values.</summary>
    private static void CheckAddresses(string key, IReadOnlyDictionary<string, ConfigValue> values, MappingReader spec)
    {
        var written = (spec.Node["provisioner"] as YamlMapping)?[key] as YamlMapping;
        foreach (var (name, _) in values.Where(v => v.Value is ConfigValue.Literal { Text: var text } && PublicAddress.IsIn(text)))
            spec.Context.Error("manifest.public_address",
                $"The value uses {PublicAddress.FqdnToken} or {PublicAddress.UrlToken}, but the edition has no enabled http route, so it has no public address. Add a route, or write $$ for a plain $.",
                written?.Find(name)?.KeyMark ?? spec.MarkOf("provisioner"), $"{spec.PathOf("provisioner")}.{key}.{name}");
    }

    private static ProvisionerSpec? ReadProvisioner(MappingReader spec, SpecScope scope)
    {
        if (spec.Take("provisioner") is { } node)
            return ProvisionerSpec.Read(node, spec, scope);
        spec.Error("manifest.required", "`provisioner` is required: it says what installs the edition (or `provisioner: ignore`).", "provisioner");
        return null;
    }

    private static List<(Route Route, MappingReader At)> ReadRoutes(MappingReader spec)
    {
        var routes = new List<(Route Route, MappingReader At)>();
        var json = new JsonArray();
        foreach (var (node, path) in spec.Items("routes", most: MostRoutes))
        {
            if (MappingReader.From(node, path, spec.Context) is not { } reader || Route.Read(reader) is not { } route)
                continue;
            Route.CheckAmong(routes.ConvertAll(r => r.Route), route, reader);
            routes.Add((route, reader));
            json.Add((JsonNode)reader.Json);
        }
        if (json.Count > 0)
            spec.Json["routes"] = json;
        return routes;
    }

    /// <summary>An old catalogue has <c>marina</c> inside <c>provisioner</c> by a slip of indentation; importing lifts it.</summary>
    private static MarinaSpec? ReadMarina(MappingReader spec)
    {
        var reader = spec.Mapping("marina");
        if (reader is null && spec.Context.Options.Importer && spec.Node["provisioner"] is YamlMapping provisioner && provisioner["marina"] is YamlMapping lifted)
        {
            spec.Context.Warning("manifest.misplaced", "`marina` stands inside `provisioner`; it is read as part of `spec`. Move it one level out.", lifted.Mark, spec.PathOf("provisioner") + ".marina");
            reader = new MappingReader(lifted, spec.PathOf("marina"), spec.Context);
            spec.Json["marina"] = reader.Json;
        }
        return reader is null ? null : MarinaSpec.Read(reader);
    }

    private static Dictionary<string, JsonElement> ReadServices(MappingReader spec)
    {
        var services = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (spec.Take("services") is not { } node)
            return services;
        var json = new JsonObject();
        foreach (var entry in Entries(node, spec))
        {
            var path = spec.PathOf("services") + "." + Shown.Text(entry.Key);
            if (!Formats.IsDnsLabel(entry.Key))
                spec.Context.Error("manifest.value", $"\"{Shown.Text(entry.Key)}\" is no service name: use a {Formats.LabelRule}.", entry.KeyMark, path);
            else if (entry.Value is not YamlMapping)
                spec.Context.Error("manifest.type", $"A service is described by a mapping, not {entry.Value.Describe()}.", entry.Value.Mark, path);
            else if (!services.TryAdd(entry.Key, NodeJson.ToElement(NodeJson.ToJson(entry.Value)!)))
                spec.Context.Error("manifest.duplicate", $"The service \"{entry.Key}\" is offered twice.", entry.KeyMark, path);
            else
                json[entry.Key] = NodeJson.ToJson(entry.Value);
        }
        spec.Json["services"] = json;
        return services;
    }

    private static IEnumerable<YamlEntry> Entries(YamlNode node, MappingReader spec)
    {
        if (node is YamlMapping mapping)
            return mapping.Entries;
        if (node is YamlSequence { Items: var items } && items.All(i => i is YamlMapping { Entries.Count: 1 }))
        {
            spec.Warning("manifest.shape", "`services` is read as a mapping by name; write it without the dashes.", "services");
            return items.SelectMany(i => ((YamlMapping)i).Entries);
        }
        spec.Error("manifest.type", "`services` must be a mapping from a service's name to its description.", "services");
        return [];
    }
}
