using System.Text.Json.Nodes;
using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>From a body to an object of its kind: the right kind, name and namespace, only known fields, values of the right type. Anything else is a 400.</summary>
internal static class ObjectDecoder
{
    /// <param name="apply">The body is a configuration to apply, whose errors are worded otherwise.</param>
    public static JsonObject Decode(Target target, JsonObject body, WriteContext context, bool apply = false)
    {
        var type = target.Type;
        var o = body.Copy();
        Expect(o, "apiVersion", target.ApiVersion, "API version");
        Expect(o, "kind", type.Kind, "kind");
        if (!o.TryGetPropertyValue("metadata", out var sent) || sent is null)
            o["metadata"] = new JsonObject();
        if (o["metadata"] is not JsonObject metadata)
            throw StatusException.BadRequest($"{type.Kind} in version \"{target.Version.Name}\" cannot be handled as a {type.Kind}: json: cannot unmarshal into Go struct field .metadata of type v1.ObjectMeta");
        if (metadata.StringAt("name") is { Length: > 0 } name && target.Name.Length > 0 && name != target.Name)
            throw StatusException.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
        if (target.Name.Length > 0)
            metadata["name"] = target.Name;
        if (metadata.StringAt("namespace") is { Length: > 0 } ns && ns != target.Namespace)
            throw StatusException.BadRequest(type.Namespaced
                ? $"the namespace of the provided object does not match the namespace sent on the request"
                : $"namespace may not be set on a cluster-scoped object");
        if (type.Namespaced)
            metadata["namespace"] = target.Namespace;
        else
            metadata.Remove("namespace");

        SchemaWalk.DropNulls(o, target.Version.Schema);
        var unknown = SchemaWalk.Prune(o, target.Version.Schema);
        Report(target, unknown, context, apply);
        if (SchemaValidator.DecodeError(o, type.IsCustom ? ResourceCatalog.ObjectMeta : target.Version.Schema) is { } error && !type.IsCustom)
            throw StatusException.BadRequest(apply
                ? $"failed to create typed patch object ({target.Namespace}/{target.Name}; {target.ApiVersion}, Kind={type.Kind}): {error}"
                : $"{type.Kind} in version \"{target.Version.Name}\" cannot be handled as a {type.Kind}: {error}");
        if (SchemaValidator.DecodeError(o["metadata"], ResourceCatalog.ObjectMeta, ".metadata") is { } inMetadata)
            throw StatusException.BadRequest($"{type.Kind} in version \"{target.Version.Name}\" cannot be handled as a {type.Kind}: {inMetadata}");
        return o;
    }

    private static void Expect(JsonObject o, string field, string expected, string what)
    {
        var sent = o.StringAt(field);
        if (sent is { Length: > 0 } && sent != expected)
            throw StatusException.BadRequest($"the {what} in the data ({sent}) does not match the expected {what} ({expected})");
        o[field] = expected;
    }

    private static void Report(Target target, IReadOnlyList<string> unknown, WriteContext context, bool apply)
    {
        if (unknown.Count == 0)
            return;
        if (apply)
            throw StatusException.BadRequest($"failed to create typed patch object ({target.Namespace}/{target.Name}; {target.ApiVersion}, Kind={target.Type.Kind}): "
                + (unknown.Count == 1 ? $".{unknown[0]}: field not declared in schema" : $"errors:\n{string.Join('\n', unknown.Select(u => $"  .{u}: field not declared in schema"))}"));
        var texts = unknown.Select(u => $"unknown field \"{u}\"").ToArray();
        if (context.Validation == FieldValidation.Strict)
        {
            var prefix = target.Type.IsCustom ? "" : $"{target.Type.Kind} in version \"{target.Version.Name}\" cannot be handled as a {target.Type.Kind}: ";
            throw StatusException.BadRequest($"{prefix}strict decoding error: {string.Join(", ", texts)}");
        }
        if (context.Validation == FieldValidation.Warn)
            foreach (var text in texts)
                context.Warn(text);
    }
}
