using CodeZero.AppManifest.Reading;

namespace CodeZero.AppManifest;

/// <summary>The protocol of a route.</summary>
public enum RouteType { Http, Tcp }

/// <summary>A way from outside to one of the App's Services.</summary>
/// <param name="TargetService">A Kubernetes Service in the App's namespace; for AppEngine, the App's own name.</param>
/// <param name="TargetPort">The Service's port; nothing: see <see cref="AppEngineSpec.PortOf"/>.</param>
/// <param name="Disabled">No route is made.</param>
/// <param name="Private">Not exposed at the cluster's edge.</param>
public sealed record Route(RouteType Type, string TargetService, int? TargetPort, bool Disabled, bool Private, HttpRoute? Http, TcpRoute? Tcp)
{
    private static readonly Dictionary<string, RouteType> s_types = new(StringComparer.Ordinal) { ["http"] = RouteType.Http, ["tcp"] = RouteType.Tcp };

    internal static Route? Read(MappingReader reader)
    {
        var type = reader.OneOf("type", s_types, required: true);
        var service = reader.Name("targetService", Formats.IsDnsLabel, Formats.LabelRule, required: true);
        var port = reader.Integer("targetPort", 1, 65_535);
        var (disabled, isPrivate) = (reader.Flag("disabled") ?? false, reader.Flag("private") ?? false);
        _ = reader.Take("name"); // read by nobody; old manifests have it
        var http = reader.Mapping("http");
        var tcp = reader.Mapping("tcp");
        reader.Complete(UnknownKeys.Refuse);
        if (type == RouteType.Http && tcp is not null)
            reader.Error("manifest.value", "An http route has no `tcp` block. Remove it, or write type: tcp.", "tcp");
        if (type == RouteType.Tcp && http is not null)
            reader.Error("manifest.value", "A tcp route has no `http` block. Remove it, or write type: http.", "http");
        if (type == RouteType.Tcp && tcp is null)
            reader.Error("manifest.required", "A tcp route needs tcp.name.", "tcp");
        var httpRoute = http is null ? null : HttpRoute.Read(http);
        var tcpRoute = tcp is null ? null : TcpRoute.Read(tcp);
        return type is null || service is null ? null : new(type.Value, service, port, disabled, isPrivate, httpRoute, tcpRoute);
    }

    /// <summary>Routes of one edition must not fight over a name, a port or a path.</summary>
    internal static void CheckAmong(IReadOnlyList<Route> before, Route route, MappingReader reader)
    {
        if (route.Tcp is { } tcp)
        {
            if (before.Any(r => r.Tcp is { } other && other.Name == tcp.Name))
                reader.Error("manifest.duplicate", $"Two tcp routes are called \"{tcp.Name}\".", "tcp");
            if (tcp.Port is > 0 && before.Any(r => r.Tcp?.Port == tcp.Port))
                reader.Error("manifest.duplicate", $"Two tcp routes ask for port {tcp.Port}.", "tcp");
        }
        if (route.Type != RouteType.Http)
            return;
        var same = before.FirstOrDefault(r => r.Type == RouteType.Http && (r.Http?.Prefix ?? "/") == (route.Http?.Prefix ?? "/"));
        if (same is null)
            return;
        if (same.TargetPort == route.TargetPort && same.TargetService == route.TargetService && !reader.Context.Options.Importer)
            reader.Error("manifest.duplicate", "Two http routes have the same prefix and target.", "http");
        else
            reader.Warning("manifest.unreachable_route", "Two http routes have the same prefix on one host: only the first can be reached. Give one another http.prefix.", "http");
    }
}

/// <param name="Private">Only for people the cluster has authenticated.</param>
/// <param name="Prefix">Starts with <c>/</c>; nothing means every path.</param>
/// <param name="Rewrite">Takes the prefix's place on the way to the Service.</param>
public sealed record HttpRoute(bool Private, string? Prefix, string? Rewrite)
{
    internal static HttpRoute Read(MappingReader reader)
    {
        const string rule = "path: it must start with / and have no spaces";
        var route = new HttpRoute(reader.Flag("private") ?? false, reader.Name("prefix", Formats.IsUrlPath, rule), reader.Name("rewrite", Formats.IsUrlPath, rule));
        reader.Complete(UnknownKeys.Refuse);
        return route;
    }
}

/// <param name="Name">Unique in the App; at most 30 characters.</param>
/// <param name="Port">The port wanted at the edge; 0: any free one.</param>
/// <param name="StrictPort">Fail rather than take another port.</param>
public sealed record TcpRoute(string Name, int Port, bool StrictPort)
{
    internal static TcpRoute? Read(MappingReader reader)
    {
        var name = reader.Name("name", text => text.Length <= 30 && Formats.IsDnsLabel(text), "route name: lower-case letters, digits and '-', at most 30", required: true);
        var port = reader.Integer("port", 0, 65_535);
        var strict = Strict(reader, ref port);
        reader.Complete(UnknownKeys.Refuse);
        return name is null ? null : new(name, port ?? 0, strict);
    }

    /// <summary><c>strictPort: 89</c>, as a guide once had it, means that port strictly.</summary>
    private static bool Strict(MappingReader reader, ref int? port)
    {
        const string key = "strictPort";
        if (reader.Node[key] is not Yaml.YamlScalar { Kind: Yaml.YamlKind.WholeNumber })
            return reader.Flag(key) ?? false;
        if (reader.Integer(key, 1, 65_535) is not { } number)
            return false;
        if (port is > 0 && port != number)
            reader.Error("manifest.conflict", "`strictPort` and `port` name different ports. Write the port, and strictPort: true.", key);
        else
            reader.Warning("manifest.shape", $"strictPort is read as port: {number} and strictPort: true. Write it so.", key);
        reader.Json["port"] = port = number;
        reader.Json[key] = true;
        return true;
    }
}
