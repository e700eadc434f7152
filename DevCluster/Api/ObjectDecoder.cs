using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>Where an object to decode comes from, which decides how its errors are worded.</summary>
internal enum BodyOrigin
{
    /// <summary>It was sent as it is.</summary>
    Sent,

    /// <summary>It is a configuration to apply.</summary>
    Applied,

    /// <summary>A patch made it; values of a wrong type are then a 422.</summary>
    Patched,
}

/// <summary>From a body to an object of its kind: the right kind, name and namespace, only known fields, values of the right type. Anything else is a 400.</summary>
internal static class ObjectDecoder
{
    public static JsonObject Decode(Target target, JsonObject body, WriteContext context, BodyOrigin origin = BodyOrigin.Sent)
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
        Report(target, unknown, context, origin);
        if (SchemaValidator.DecodeError(o, type.IsCustom ? ResourceCatalog.ObjectMeta : target.Version.Schema) is { } error && !type.IsCustom)
            throw Unreadable(target, o, origin, error);
        if (SchemaValidator.DecodeError(o["metadata"], ResourceCatalog.ObjectMeta, ".metadata") is { } inMetadata)
            throw Unreadable(target, o, origin == BodyOrigin.Applied ? BodyOrigin.Sent : origin, inMetadata);
        return o;
    }

    private static StatusException Unreadable(Target target, JsonObject o, BodyOrigin origin, string error) => origin switch
    {
        BodyOrigin.Applied => StatusException.BadRequest($"{Untyped(target)}: {error}"),
        BodyOrigin.Patched => StatusException.Invalid("", "", "", [FieldError.Invalid("patch", o.ToJsonString(JsonText.Relaxed), error)]),
        _ => StatusException.BadRequest($"{target.Type.Kind} in version \"{target.Version.Name}\" cannot be handled as a {target.Type.Kind}: {error}"),
    };

    private static string Untyped(Target target) => $"failed to create typed patch object ({target.Namespace}/{target.Name}; {target.ApiVersion}, Kind={target.Type.Kind})";

    private static void Expect(JsonObject o, string field, string expected, string what)
    {
        var sent = o.StringAt(field);
        if (sent is { Length: > 0 } && sent != expected)
            throw StatusException.BadRequest($"the {what} in the data ({sent}) does not match the expected {what} ({expected})");
        o[field] = expected;
    }

    private static void Report(Target target, IReadOnlyList<string> unknown, WriteContext context, BodyOrigin origin)
    {
        if (unknown.Count == 0)
            return;
        if (origin == BodyOrigin.Applied)
            throw StatusException.BadRequest($"{Untyped(target)}: "
                + (unknown.Count == 1 ? $".{unknown[0]}: field not declared in schema" : $"errors:\n{string.Join('\n', unknown.Select(u => $"  .{u}: field not declared in schema"))}"));
        var texts = unknown.Select(u => $"unknown field {JsonSerializer.Serialize(u, JsonText.Relaxed)}").ToArray();
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
