using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api.Patches;
using CodeZero.DevCluster.Auth;
using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>The requests on resources: finds the target, reads options and body, calls the service, writes the answer.</summary>
internal sealed class ResourceEndpoints(ResourceService service, ListEndpoint lists, WatchEndpoint watches, Subresources subresources, Reviews reviews, TableWriter tables)
{
    private const string ApplyPatch = "application/apply-patch+yaml";

    public async Task HandleAsync(HttpContext http, RequestInfo info, User user)
    {
        var type = service.Catalog.Find(info.Group, info.Resource);
        var version = type?.Version(info.Version);
        if (type is null || version is null || info.HasMore)
            throw StatusException.NotFoundPath();
        var inNamespace = info.Resource == "namespaces" && info.Group.Length == 0 ? "" : info.Namespace;
        if (!type.Namespaced && inNamespace.Length > 0)
            throw StatusException.NotFoundPath();
        if (version.DeprecationWarning is { } warning)
            Warn(http, warning);

        var target = new Target(type, version, inNamespace, info.Name, info.Subresource.Length == 0 ? null : info.Subresource);
        if (type.IsReview)
        {
            await reviews.HandleAsync(http, info, target, user);
            return;
        }
        if (type.Namespaced && inNamespace.Length == 0 && (info.Name.Length > 0 || info.Verb is not ("list" or "watch")))
            throw info.Verb == "create" || info.Name.Length > 0 ? StatusException.NotFoundPath() : StatusException.MethodNotAllowed();
        if (target.Subresource is { } name && !Subresources.Serves(target, name))
            throw StatusException.NotFoundPath();

        switch (info.Verb)
        {
            case "get" when target.Subresource is null or "status":
                await WriteAsync(http, 200, target, VersionConversion.FromStorage(service.Get(target).Value, type, version.Name));
                break;
            case "list":
                await lists.HandleAsync(http, target);
                break;
            case "watch":
                await watches.HandleAsync(http, target);
                break;
            case "create" when target.Subresource is null && info.Name.Length == 0:
                await WriteAsync(http, 201, target, service.Create(target, await Http.ReadObjectAsync(http.Request, version.Schema, http.RequestAborted), Context(http, user)));
                break;
            case "update" when target.Subresource is null or "status" && info.Name.Length > 0:
                await WriteAsync(http, 200, target, service.Replace(target, await Http.ReadObjectAsync(http.Request, version.Schema, http.RequestAborted), Context(http, user)));
                break;
            case "patch" when target.Subresource is null or "status" && info.Name.Length > 0:
                await PatchAsync(http, target, user);
                break;
            case "delete" when target.Subresource is null:
                await DeleteAsync(http, target);
                break;
            case "deletecollection":
                await lists.DeleteAsync(http, target, await ReadDeleteOptionsAsync(http), IsDryRun(http.Request));
                break;
            default:
                if (target.Subresource is null or "status")
                    throw StatusException.MethodNotAllowed();
                await subresources.HandleAsync(http, info, target, Context(http, user));
                break;
        }
    }

    private async Task PatchAsync(HttpContext http, Target target, User user)
    {
        var body = await Http.ReadAsync(http.Request, http.RequestAborted);
        var context = Context(http, user);
        switch (Http.MediaType(http.Request))
        {
            case ApplyPatch:
                await ApplyAsync(http, target, body, context);
                return;
            case "application/json-patch+json":
                var operations = JsonText.Parse(body);
                await WriteAsync(http, 200, target, service.Patch(target, live => JsonPatch.Apply(live, operations), context));
                return;
            case "application/merge-patch+json":
                var merge = JsonText.Parse(body);
                await WriteAsync(http, 200, target, service.Patch(target, live => MergePatch.Apply(live, merge), context));
                return;
            case "application/strategic-merge-patch+json" when !target.Type.IsCustom:
                var patch = JsonText.Parse(body);
                await WriteAsync(http, 200, target, service.Patch(target, live => StrategicMergePatch.Apply(live, patch, target.Version.Schema), context));
                return;
            case var other:
                throw StatusException.Unsupported($"the body of the request was in an unknown format ({other}) - accepted media types include: application/json-patch+json, application/merge-patch+json, "
                    + (target.Type.IsCustom ? ApplyPatch : $"application/strategic-merge-patch+json, {ApplyPatch}"));
        }
    }

    private async Task ApplyAsync(HttpContext http, Target target, byte[] body, WriteContext context)
    {
        var query = http.Request.Query;
        if (query["fieldManager"].FirstOrDefault() is not { Length: > 0 })
            throw StatusException.Invalid("meta.k8s.io", "PatchOptions", "", [FieldError.Required("fieldManager", "is required for apply patch")]);
        // JSON is a subset of YAML, and what most clients send: read it the fast way.
        var node = body.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("{"u8) ? JsonText.Parse(body) : YamlText.Parse(body);
        var config = node as JsonObject ?? throw StatusException.BadRequest("the configuration must be an object");
        if (config.StringAt("apiVersion") is not { Length: > 0 } || config.StringAt("kind") is not { Length: > 0 })
            throw StatusException.BadRequest("apiVersion and kind must be set in an apply patch");
        var (applied, created) = service.Apply(target, config, query["force"].FirstOrDefault() is "true" or "1", context);
        await WriteAsync(http, created ? 201 : 200, target, applied);
    }

    private async Task DeleteAsync(HttpContext http, Target target)
    {
        var options = await ReadDeleteOptionsAsync(http);
        var (last, gone) = service.Delete(target, options, IsDryRun(http.Request));
        if (!gone || target.Type.StorageName == "/pods")
        {
            await WriteAsync(http, 200, target, last);
            return;
        }
        var details = new JsonObject { ["name"] = target.Name, ["kind"] = target.Type.Plural, ["uid"] = last.StringAt("metadata", "uid") };
        if (target.Type.Group.Length > 0)
            details["group"] = target.Type.Group;
        var success = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["details"] = details };
        await Http.WriteAsync(http.Response, 200, success, Representation.Of(http.Request).IsYaml);
    }

    private static async Task<DeleteOptions> ReadDeleteOptionsAsync(HttpContext http)
    {
        var query = http.Request.Query;
        var bytes = await Http.ReadAsync(http.Request, http.RequestAborted);
        var schema = ResourceCatalog.Types["DeleteOptions"];
        var body = bytes.Length == 0 ? null : Http.Parse(Http.MediaType(http.Request), bytes, schema) as JsonObject;
        if (body is not null && SchemaValidator.DecodeError(body, schema) is { } error)
            throw StatusException.BadRequest($"DeleteOptions cannot be read: {error}");
        var orphan = body?["orphanDependents"].AsOptionalBool() ?? (query["orphanDependents"].FirstOrDefault() is "true" ? true : null);
        var policy = body.StringAt("propagationPolicy") ?? query["propagationPolicy"].FirstOrDefault();
        return new(
            body?["gracePeriodSeconds"].AsLong() ?? (long.TryParse(query["gracePeriodSeconds"].FirstOrDefault(), System.Globalization.CultureInfo.InvariantCulture, out var grace) ? grace : null),
            policy switch
            {
                null or "" => orphan switch { true => Propagation.Orphan, false => Propagation.Background, null => null },
                "Background" => Propagation.Background,
                "Foreground" => Propagation.Foreground,
                "Orphan" => Propagation.Orphan,
                _ => throw StatusException.Invalid("meta.k8s.io", "DeleteOptions", "", [FieldError.NotSupported("propagationPolicy", policy, ["Foreground", "Background", "Orphan", "nil"])]),
            },
            body.StringAt("preconditions", "uid"),
            body.StringAt("preconditions", "resourceVersion"));
    }

    private Task WriteAsync(HttpContext http, int code, Target target, JsonObject o)
    {
        var representation = Representation.Of(http.Request);
        var body = representation switch
        {
            { IsTable: true } => tables.Write([o], target.Version, http.Request.Query["includeObject"].FirstOrDefault(), o.StringAt("metadata", "resourceVersion")),
            { IsMetadata: true } => TableWriter.PartialMetadata(o),
            _ => o,
        };
        return Http.WriteAsync(http.Response, code, body, representation.IsYaml);
    }

    private static bool IsDryRun(HttpRequest request) => request.Query["dryRun"] switch
    {
        { Count: 0 } => false,
        var values when values.All(v => v is "All") => true,
        var values => throw StatusException.Invalid("meta.k8s.io", "CreateOptions", "", [FieldError.NotSupported("dryRun", values[0], ["All"])]),
    };

    private static WriteContext Context(HttpContext http, User user)
    {
        var query = http.Request.Query;
        var manager = query["fieldManager"].FirstOrDefault();
        if (manager is { Length: > 128 })
            throw StatusException.Invalid("meta.k8s.io", "CreateOptions", "", [new("FieldValueTooLong", "fieldManager", "Too long: may not be more than 128 bytes")]);
        if (string.IsNullOrEmpty(manager))
            manager = http.Request.Headers.UserAgent.ToString().Split('/')[0] is { Length: > 0 and <= 128 } agent ? agent : "unknown";
        var validation = query["fieldValidation"].FirstOrDefault() switch
        {
            null or "" or "Warn" => FieldValidation.Warn,
            "Strict" => FieldValidation.Strict,
            "Ignore" => FieldValidation.Ignore,
            var other => throw StatusException.Invalid("meta.k8s.io", "CreateOptions", "", [FieldError.NotSupported("fieldValidation", other, ["Ignore", "Strict", "Warn"])]),
        };
        return new(user, manager, IsDryRun(http.Request), validation, text => Warn(http, text));
    }

    private static void Warn(HttpContext http, string text)
    {
        var quoted = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        http.Response.Headers.Append("Warning", $"299 - \"{new string([.. quoted.Select(c => char.IsControl(c) ? '?' : c)])}\"");
    }
}
