using System.Text;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api.Patches;
using CodeZero.DevCluster.Auth;
using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>The parts of objects with a URL of their own: status, scale, token, log, eviction, binding, finalize.</summary>
internal sealed class Subresources(ResourceService service, ServiceAccountTokens tokens)
{
    internal sealed record Subresource(string Name, string Group, string Version, string Kind, IReadOnlyList<string> Verbs);

    private static readonly string[] ReadWrite = ["get", "patch", "update"];

    public static IEnumerable<Subresource> Of(ResourceType type, ResourceVersion version)
    {
        switch (type.StorageName)
        {
            case "/namespaces":
                yield return new("finalize", "", "v1", "Namespace", ["update"]);
                break;
            case "/pods":
                yield return new("binding", "", "v1", "Binding", ["create"]);
                yield return new("eviction", "policy", "v1", "Eviction", ["create"]);
                yield return new("log", "", "v1", "Pod", ["get"]);
                break;
            case "/serviceaccounts":
                yield return new("token", "authentication.k8s.io", "v1", "TokenRequest", ["create"]);
                break;
        }
        if (version.Scale is not null)
            yield return new("scale", "autoscaling", "v1", "Scale", ReadWrite);
        if (version.HasStatus)
            yield return new("status", type.Group, version.Name, type.Kind, ReadWrite);
    }

    public static bool Serves(Target target, string name) => Of(target.Type, target.Version).Any(s => s.Name == name);

    public Task HandleAsync(HttpContext http, RequestInfo info, Target target, WriteContext context) => (target.Subresource, info.Verb) switch
    {
        ("scale", "get") => WriteAsync(http, 200, Scale(target, service.Get(target).Value)),
        ("scale", "update" or "patch") => ScaleAsync(http, target, info.Verb == "patch", context),
        ("log", "get") => LogAsync(http, target),
        ("token", "create") => TokenAsync(http, target),
        ("eviction", "create") => EvictAsync(http, target, context),
        ("binding", "create") => BindAsync(http, target, context),
        ("finalize", "update") => FinalizeAsync(http, target, context),
        _ => throw StatusException.MethodNotAllowed(),
    };

    private static Task WriteAsync(HttpContext http, int code, JsonObject body) => Http.WriteAsync(http.Response, code, body, Representation.Of(http.Request).IsYaml);

    private static JsonObject Scale(Target target, JsonObject o)
    {
        var paths = target.Version.Scale!;
        var metadata = new JsonObject();
        foreach (var field in new[] { "name", "namespace", "uid", "resourceVersion", "creationTimestamp" })
            metadata[field] = o.At("metadata", field)?.DeepClone();
        var status = new JsonObject { ["replicas"] = o.At(paths.StatusReplicas)?.DeepClone() ?? 0 };
        var selector = paths.Selector is null ? null : o.At(paths.Selector);
        if (selector is not null)
            status["selector"] = selector.AsString() ?? LabelSelector.FromObject(selector)?.ToString();
        var spec = new JsonObject();
        if (o.At(paths.Replicas) is { } replicas)
            spec["replicas"] = replicas.DeepClone();
        return new() { ["kind"] = "Scale", ["apiVersion"] = "autoscaling/v1", ["metadata"] = metadata, ["spec"] = spec, ["status"] = status };
    }

    private async Task ScaleAsync(HttpContext http, Target target, bool patch, WriteContext context)
    {
        var body = await Http.ReadAsync(http.Request, http.RequestAborted);
        var type = Http.MediaType(http.Request);
        JsonObject Changed(JsonObject live)
        {
            var scale = Scale(target, live);
            return !patch ? Http.Parse(type, body, ResourceCatalog.Types["Scale"]) as JsonObject ?? throw StatusException.BadRequest("the body must be a Scale")
                : type switch
                {
                    "application/json-patch+json" => JsonPatch.Apply(scale, JsonText.Parse(body)),
                    "application/merge-patch+json" => MergePatch.Apply(scale, JsonText.Parse(body)),
                    "application/strategic-merge-patch+json" => StrategicMergePatch.Apply(scale, JsonText.Parse(body), ResourceCatalog.Types["Scale"]),
                    _ => throw StatusException.Unsupported($"the body of the request was in an unknown format ({type})"),
                };
        }

        var updated = service.Modify(target, live =>
        {
            var scale = Changed(live);
            if (SchemaValidator.DecodeError(scale, ResourceCatalog.Types["Scale"]) is { } error)
                throw StatusException.BadRequest($"Scale in version \"v1\" cannot be handled as a Scale: {error}");
            var replicas = scale.At("spec", "replicas").AsLong() ?? 0;
            if (replicas is < 0 or > int.MaxValue)
                throw StatusException.Invalid("autoscaling", "Scale", target.Name, [FieldError.Invalid("spec.replicas", replicas, "must be greater than or equal to 0")]);
            if (scale.StringAt("metadata", "resourceVersion") is { Length: > 0 } version && version != live.StringAt("metadata", "resourceVersion"))
                throw target.Modified();
            var at = live;
            foreach (var step in target.Version.Scale!.Replicas[..^1])
                at = at.Ensure(step);
            at[target.Version.Scale.Replicas[^1]] = replicas;
            return true;
        }, context);
        await WriteAsync(http, 200, Scale(target, updated));
    }

    private async Task LogAsync(HttpContext http, Target target)
    {
        var pod = service.Get(target).Value;
        var containers = pod.ObjectsAt("spec", "containers").Concat(pod.ObjectsAt("spec", "initContainers")).Select(c => c.StringAt("name")).ToArray();
        var container = http.Request.Query["container"].FirstOrDefault() is { Length: > 0 } asked ? asked : containers.FirstOrDefault();
        if (!containers.Contains(container))
            throw StatusException.BadRequest($"container {container} is not valid for pod {target.Name}");
        var status = pod.ObjectsAt("status", "containerStatuses").FirstOrDefault(s => s.StringAt("name") == container);
        if (status.StringAt("state", "waiting", "reason") is { } reason)
            throw StatusException.BadRequest($"container \"{container}\" in pod \"{target.Name}\" is waiting to start: {reason}");
        var text = new StringBuilder($"{pod.StringAt("metadata", "creationTimestamp")} DevCluster runs no containers; this stands for the output of {container} ({status.StringAt("image") ?? "not started"})\n");
        http.Response.ContentType = "text/plain";
        await http.Response.WriteAsync(text.ToString(), http.RequestAborted);
    }

    private async Task TokenAsync(HttpContext http, Target target)
    {
        var account = service.Get(target);
        var request = await Http.ReadObjectAsync(http.Request, ResourceCatalog.Types["TokenRequest"], http.RequestAborted);
        var seconds = request.At("spec", "expirationSeconds").AsLong() ?? 3600;
        if (seconds is < 600 or > 1L << 32)
            throw StatusException.Invalid("authentication.k8s.io", "TokenRequest", "", [FieldError.Invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")]);
        var audiences = (request.At("spec", "audiences") as JsonArray)?.Select(a => a.AsString() ?? "").ToArray() ?? [];
        var (token, expires) = tokens.Issue(target.Namespace, target.Name, account.Uid, TimeSpan.FromSeconds(seconds), audiences);
        await WriteAsync(http, 201, new()
        {
            ["kind"] = "TokenRequest", ["apiVersion"] = "authentication.k8s.io/v1",
            ["metadata"] = new JsonObject { ["name"] = target.Name, ["namespace"] = target.Namespace },
            ["spec"] = new JsonObject { ["audiences"] = new JsonArray([.. (audiences.Length == 0 ? [ServiceAccountTokens.DefaultAudience] : audiences).Select(a => (JsonNode)a)]), ["expirationSeconds"] = seconds },
            ["status"] = new JsonObject { ["token"] = token, ["expirationTimestamp"] = Timestamps.Format(expires) },
        });
    }

    private async Task EvictAsync(HttpContext http, Target target, WriteContext context)
    {
        var request = await Http.ReadObjectAsync(http.Request, ResourceCatalog.Types["Eviction"], http.RequestAborted);
        service.Delete(target with { Subresource = null }, new(request.At("deleteOptions", "gracePeriodSeconds").AsLong()), context.DryRun);
        await WriteAsync(http, 201, Success());
    }

    private async Task BindAsync(HttpContext http, Target target, WriteContext context)
    {
        var request = await Http.ReadObjectAsync(http.Request, ResourceCatalog.Types["Binding"], http.RequestAborted);
        var node = request.StringAt("target", "name") ?? throw StatusException.Invalid("", "Binding", target.Name, [FieldError.Required("target.name")]);
        service.Modify(target with { Subresource = null }, pod =>
        {
            if (pod.StringAt("spec", "nodeName") is { Length: > 0 } bound)
                throw StatusException.Conflict("", "pods/binding", target.Name, $"pod {target.Name} is already assigned to node \"{bound}\"");
            pod.Ensure("spec")["nodeName"] = node;
            return true;
        }, context);
        await WriteAsync(http, 201, Success());
    }

    private async Task FinalizeAsync(HttpContext http, Target target, WriteContext context)
    {
        var request = await Http.ReadObjectAsync(http.Request, target.Version.Schema, http.RequestAborted);
        await WriteAsync(http, 200, service.FinalizeNamespace(target, request.At("spec", "finalizers") as JsonArray ?? [], context));
    }

    private static JsonObject Success() => new() { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201 };
}
