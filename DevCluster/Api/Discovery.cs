using System.Text.Json.Nodes;
using CodeZero.DevCluster.Resources;

namespace CodeZero.DevCluster.Api;

/// <summary>Which groups, versions and resources there are: <c>/version</c>, <c>/api</c>, <c>/apis</c>, and the aggregated form of both.</summary>
internal sealed class Discovery(ResourceCatalog catalog)
{
    private const string Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    public Task WriteAsync(HttpContext http, string path)
    {
        var aggregated = http.Request.Headers.Accept.ToString().Split(',').Any(a => a.Contains("as=APIGroupDiscoveryList", StringComparison.Ordinal) && a.Contains("v=v2;", StringComparison.Ordinal));
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (aggregated && parts is ["api"] or ["apis"])
            return Http.WriteAsync(http.Response, 200, AggregatedGroups(core: parts[0] == "api"), contentType: Aggregated);
        JsonObject body = parts switch
        {
            ["version"] => ServerVersion.ToJson(),
            [] => new() { ["paths"] = new JsonArray("/api", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version") },
            ["api"] => new() { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1"), ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = http.Request.Host.ToString() }) },
            ["apis"] => new() { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = new JsonArray([.. Groups().Where(g => g.Length > 0).Select(g => (JsonNode)Group(g))]) },
            ["apis", var group] when group.Length > 0 && Versions(group).Length > 0 => Group(group, standalone: true),
            ["api", var version] when Versions("").Contains(version) => ResourceList("", version),
            ["apis", var group, var version] when Versions(group).Contains(version) => ResourceList(group, version),
            _ => throw StatusException.NotFoundPath(),
        };
        return Http.WriteAsync(http.Response, 200, body);
    }

    private string[] Groups() => [.. catalog.All.Where(t => t.Versions.Any(v => v.Served)).Select(t => t.Group).Distinct().Order(StringComparer.Ordinal)];

    private string[] Versions(string group) => [.. catalog.All.Where(t => t.Group == group).SelectMany(t => t.Versions.Where(v => v.Served)).Select(v => v.Name).Distinct().OrderBy(v => v, ApiVersionOrder.Newest)];

    private JsonObject Group(string group, bool standalone = false)
    {
        JsonObject Version(string v) => new() { ["groupVersion"] = $"{group}/{v}", ["version"] = v };
        var versions = Versions(group);
        var o = new JsonObject { ["name"] = group, ["versions"] = new JsonArray([.. versions.Select(v => (JsonNode)Version(v))]), ["preferredVersion"] = Version(versions[0]) };
        if (standalone)
            (o["kind"], o["apiVersion"]) = ("APIGroup", "v1");
        return o;
    }

    private IEnumerable<ResourceType> Types(string group, string version) =>
        catalog.All.Where(t => t.Group == group && t.Version(version) is not null).OrderBy(t => t.Plural, StringComparer.Ordinal);

    private JsonObject ResourceList(string group, string version)
    {
        var resources = new JsonArray();
        foreach (var type in Types(group, version))
        {
            resources.Add(Names(new()
            {
                ["name"] = type.Plural, ["singularName"] = type.Singular, ["namespaced"] = type.Namespaced, ["kind"] = type.Kind, ["verbs"] = Strings(type.Verbs),
            }, type));
            foreach (var sub in Subresources.Of(type, type.Version(version)!))
                resources.Add(new JsonObject
                {
                    ["name"] = $"{type.Plural}/{sub.Name}", ["singularName"] = "", ["namespaced"] = type.Namespaced, ["group"] = sub.Group, ["version"] = sub.Version, ["kind"] = sub.Kind, ["verbs"] = Strings(sub.Verbs),
                });
        }
        return new() { ["kind"] = "APIResourceList", ["apiVersion"] = "v1", ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}", ["resources"] = resources };
    }

    private JsonObject AggregatedGroups(bool core)
    {
        var items = new JsonArray();
        foreach (var group in Groups().Where(g => g.Length == 0 == core))
        {
            var versions = new JsonArray();
            foreach (var version in Versions(group))
            {
                var resources = new JsonArray([.. Types(group, version).Select(t => (JsonNode)AggregatedResource(t, t.Version(version)!))]);
                versions.Add(new JsonObject { ["version"] = version, ["resources"] = resources, ["freshness"] = "Current" });
            }
            items.Add(new JsonObject { ["metadata"] = group.Length == 0 ? [] : new JsonObject { ["name"] = group }, ["versions"] = versions });
        }
        return new() { ["kind"] = "APIGroupDiscoveryList", ["apiVersion"] = "apidiscovery.k8s.io/v2", ["metadata"] = new JsonObject(), ["items"] = items };
    }

    private static JsonObject AggregatedResource(ResourceType type, ResourceVersion version)
    {
        static JsonObject Kind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };
        var o = Names(new()
        {
            ["resource"] = type.Plural, ["responseKind"] = Kind(type.Group, version.Name, type.Kind), ["scope"] = type.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = type.Singular, ["verbs"] = Strings(type.Verbs),
        }, type);
        var subs = Subresources.Of(type, version).Select(s => (JsonNode)new JsonObject { ["subresource"] = s.Name, ["responseKind"] = Kind(s.Group, s.Version, s.Kind), ["verbs"] = Strings(s.Verbs) }).ToArray();
        if (subs.Length > 0)
            o["subresources"] = new JsonArray(subs);
        return o;
    }

    private static JsonObject Names(JsonObject o, ResourceType type)
    {
        if (type.ShortNames.Count > 0)
            o["shortNames"] = Strings(type.ShortNames);
        if (type.Categories.Count > 0)
            o["categories"] = Strings(type.Categories);
        return o;
    }

    private static JsonArray Strings(IEnumerable<string> items) => new([.. items.Select(i => (JsonNode)i)]);
}

/// <summary>The version that the server claims to have: the API of Kubernetes 1.32.</summary>
internal static class ServerVersion
{
    public const string Git = "v1.32.0+devcluster";

    public static JsonObject ToJson() => new()
    {
        ["major"] = "1", ["minor"] = "32", ["gitVersion"] = Git, ["gitCommit"] = "", ["gitTreeState"] = "clean", ["buildDate"] = "2024-12-11T00:00:00Z",
        ["goVersion"] = "", ["compiler"] = "", ["platform"] = "linux/amd64",
    };
}

/// <summary>Versions as clients prefer them: stable before beta before alpha, then the higher number; anything else last, by name.</summary>
internal sealed partial class ApiVersionOrder : IComparer<string>
{
    public static readonly ApiVersionOrder Newest = new();

    public int Compare(string? x, string? y) => Key(y!).CompareTo(Key(x!)) is not 0 and var c ? c : string.CompareOrdinal(x, y);

    private static (int Stage, int Major, int Minor) Key(string version)
    {
        var match = Form().Match(version);
        if (!match.Success)
            return (0, 0, 0);
        int Number(int group) => int.TryParse(match.Groups[group].ValueSpan, System.Globalization.CultureInfo.InvariantCulture, out var n) ? n : 0;
        return (match.Groups[2].Value switch { "" => 3, "beta" => 2, _ => 1 }, Number(1), Number(3));
    }

    [System.Text.RegularExpressions.GeneratedRegex(@"\Av([1-9][0-9]{0,5})(?:(alpha|beta)([1-9][0-9]{0,5}))?\z")]
    private static partial System.Text.RegularExpressions.Regex Form();
}
