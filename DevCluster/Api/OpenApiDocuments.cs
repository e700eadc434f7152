using System.Text.Json.Nodes;
using CodeZero.DevCluster.Resources;

namespace CodeZero.DevCluster.Api;

/// <summary>
/// OpenAPI of what is served now: v3 per group and version, and v2 as one document. Enough for kubectl to explain, to validate on the server
/// and to build patches; request and response bodies are described by their schemas, not by examples.
/// </summary>
internal sealed class OpenApiDocuments(ResourceCatalog catalog)
{
    private const string V3 = "/openapi/v3";
    private readonly string start = Guid.CreateVersion7().ToString("N");

    public Task WriteAsync(HttpContext http, string path)
    {
        if (path == "/openapi/v2")
            return WriteV2Async(http);
        if (path == V3)
            return Http.WriteAsync(http.Response, 200, Index());
        if (path.StartsWith($"{V3}/", StringComparison.Ordinal) && path[(V3.Length + 1)..].Split('/') is var parts
            && parts switch { ["api", var v] => ("", v), ["apis", var g, var v] => (g, v), _ => ("", "") } is var (group, version) && version.Length > 0 && Types(group, version).Length > 0)
            return Http.WriteAsync(http.Response, 200, Document(group, version));
        throw StatusException.NotFoundPath();
    }

    private ResourceType[] Types(string group, string version) => [.. catalog.All.Where(t => t.Group == group && t.Version(version) is not null).OrderBy(t => t.Plural, StringComparer.Ordinal)];

    /// <summary>The hash in each address lets clients keep a document until it changes: with every change of the definitions, or another start.</summary>
    private JsonObject Index()
    {
        var hash = $"{start}{catalog.Revision}";
        var paths = new JsonObject();
        foreach (var (group, version) in catalog.All.SelectMany(t => t.Versions.Where(v => v.Served).Select(v => (t.Group, v.Name))).Distinct().Order())
        {
            var name = group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}";
            paths[name] = new JsonObject { ["serverRelativeURL"] = $"{V3}/{name}?hash={hash}" };
        }
        return new() { ["paths"] = paths };
    }

    private JsonObject Document(string group, string version)
    {
        var schemas = new OpenApiSchemas(version2: false);
        var paths = new JsonObject();
        foreach (var type in Types(group, version))
            AddPaths(paths, type, type.Version(version)!, schemas);
        return new()
        {
            ["openapi"] = "3.0.0", ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = ServerVersion.Git },
            ["paths"] = paths, ["components"] = new JsonObject { ["schemas"] = schemas.Components },
        };
    }

    private static void AddPaths(JsonObject paths, ResourceType type, ResourceVersion version, OpenApiSchemas schemas)
    {
        var reference = schemas.AddRoot(type, version);
        var prefix = type.Group.Length == 0 ? $"/api/{version.Name}" : $"/apis/{type.Group}/{version.Name}";
        var collection = type.Namespaced ? $"{prefix}/namespaces/{{namespace}}/{type.Plural}" : $"{prefix}/{type.Plural}";
        JsonObject Operation(string method, string action) => OperationOf(type, version, reference, method, action);

        paths[collection] = type.IsReview ? new JsonObject { ["post"] = Operation("post", "post") }
            : new JsonObject { ["get"] = Operation("get", "list"), ["post"] = Operation("post", "post"), ["delete"] = Operation("delete", "deletecollection") };
        if (type.IsReview)
            return;
        if (type.Namespaced)
            paths[$"{prefix}/{type.Plural}"] = new JsonObject { ["get"] = Operation("get", "list") };
        JsonObject Item() => new() { ["get"] = Operation("get", "get"), ["put"] = Operation("put", "put"), ["patch"] = Operation("patch", "patch"), ["delete"] = Operation("delete", "delete") };
        paths[$"{collection}/{{name}}"] = Item();
        foreach (var sub in Subresources.Of(type, version).Where(s => s.Name == "status"))
        {
            var item = Item();
            item.Remove("delete");
            paths[$"{collection}/{{name}}/{sub.Name}"] = item;
        }
    }

    private static JsonObject OperationOf(ResourceType type, ResourceVersion version, string reference, string method, string action)
    {
        static JsonObject Parameter(string name, string where = "query") => new() { ["name"] = name, ["in"] = where, ["schema"] = new JsonObject { ["type"] = "string", ["uniqueItems"] = true } };
        var o = new JsonObject
        {
            ["tags"] = new JsonArray($"{(type.Group.Length == 0 ? "core" : type.Group.Split('.')[0])}_{version.Name}"),
            ["operationId"] = $"{action}{type.Kind}",
            ["x-kubernetes-action"] = action,
            ["x-kubernetes-group-version-kind"] = OpenApiSchemas.Kind(type.Group, version.Name, type.Kind),
        };
        var writes = method is "post" or "put" or "patch";
        var parameters = new JsonArray();
        if (writes || method == "delete")
            parameters.Add(Parameter("dryRun"));
        if (writes)
        {
            parameters.Add(Parameter("fieldManager"));
            parameters.Add(Parameter("fieldValidation"));
            string[] mediaTypes = method == "patch"
                ? ["application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json", .. type.IsCustom ? Array.Empty<string>() : ["application/strategic-merge-patch+json"]]
                : ["application/json", "application/yaml"];
            var body = method == "patch" ? new JsonObject { ["type"] = "object" } : new JsonObject { ["$ref"] = reference };
            o["requestBody"] = new JsonObject { ["required"] = true, ["content"] = new JsonObject(mediaTypes.Select(m => KeyValuePair.Create(m, (JsonNode?)new JsonObject { ["schema"] = body.DeepClone() }))) };
        }
        if (method == "patch")
            parameters.Add(Parameter("force"));
        o["parameters"] = parameters;
        o["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK", ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = reference } } } } };
        return o;
    }

    private Task WriteV2Async(HttpContext http)
    {
        var accept = http.Request.Headers.Accept.ToString();
        var document = V2();
        return accept.Contains(OpenApiProtobuf.AcceptedType, StringComparison.Ordinal)
            ? OpenApiProtobuf.WriteAsync(http.Response, document)
            : Http.WriteAsync(http.Response, 200, document);
    }

    private JsonObject V2()
    {
        var schemas = new OpenApiSchemas(version2: true);
        foreach (var type in catalog.All.OrderBy(t => t.StorageName, StringComparer.Ordinal))
            foreach (var version in type.Versions.Where(v => v.Served))
                schemas.AddRoot(type, version);
        return new()
        {
            ["swagger"] = "2.0", ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = ServerVersion.Git },
            ["paths"] = new JsonObject(), ["definitions"] = schemas.Components,
        };
    }
}
