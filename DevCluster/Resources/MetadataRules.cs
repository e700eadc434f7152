using System.Text;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Resources;

/// <summary>What the metadata of every object must satisfy.</summary>
internal static class MetadataRules
{
    private const int MaxAnnotationBytes = 256 * 1024;

    public static List<FieldError> Validate(ResourceType type, JsonObject o, JsonObject? before)
    {
        var errors = new List<FieldError>();
        var metadata = (JsonObject)o["metadata"]!;
        Name(type, metadata.StringAt("name") ?? "", errors);
        foreach (var (key, value) in metadata["labels"] as JsonObject ?? [])
        {
            if (!Names.IsQualified(key))
                errors.Add(FieldError.Invalid("metadata.labels", key, Names.QualifiedRule));
            if (!Names.IsLabelValue(value.AsString() ?? ""))
                errors.Add(FieldError.Invalid("metadata.labels", value, Names.LabelValueRule));
        }
        var bytes = 0;
        foreach (var (key, value) in metadata["annotations"] as JsonObject ?? [])
        {
            if (!Names.IsQualified(key.ToLowerInvariant()))
                errors.Add(FieldError.Invalid("metadata.annotations", key, Names.QualifiedRule));
            bytes += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value.AsString() ?? "");
        }
        if (bytes > MaxAnnotationBytes)
            errors.Add(new("FieldValueTooLong", "metadata.annotations", $"Too long: may not be more than {MaxAnnotationBytes} bytes"));
        Owners(metadata, errors);
        Finalizers(metadata, before, errors);
        return errors;
    }

    private static void Name(ResourceType type, string name, List<FieldError> errors)
    {
        if (name.Length == 0)
        {
            errors.Add(FieldError.Required("metadata.name", "name or generateName is required"));
            return;
        }
        var (valid, rule) = type switch
        {
            { StorageName: "/services" } => (Names.IsLabel1035(name), Names.Label1035Rule),
            { StorageName: "/namespaces" } => (Names.IsLabel(name), Names.LabelRule),
            { Group: "rbac.authorization.k8s.io" } => (Names.IsPathSegment(name), "may not be '.' or '..' and may not contain '/' or '%'"),
            _ => (Names.IsSubdomain(name), Names.SubdomainRule),
        };
        if (!valid)
            errors.Add(FieldError.Invalid("metadata.name", name, rule));
    }

    private static void Owners(JsonObject metadata, List<FieldError> errors)
    {
        var controllers = 0;
        foreach (var (owner, i) in metadata.ObjectsAt("ownerReferences").Select((o, i) => (o, i)))
        {
            foreach (var field in new[] { "apiVersion", "kind", "name", "uid" })
                if (owner.StringAt(field) is not { Length: > 0 })
                    errors.Add(FieldError.Invalid($"metadata.ownerReferences[{i}].{field}", owner.StringAt(field) ?? "", "must not be empty"));
            controllers += owner["controller"].AsBool() ? 1 : 0;
        }
        if (controllers > 1)
            errors.Add(FieldError.Invalid("metadata.ownerReferences", controllers, "Only one reference can have Controller set to true"));
    }

    private static void Finalizers(JsonObject metadata, JsonObject? before, List<FieldError> errors)
    {
        var finalizers = (metadata["finalizers"] as JsonArray)?.Select(f => f.AsString() ?? "").ToArray() ?? [];
        foreach (var (name, i) in finalizers.Select((f, i) => (f, i)))
            if (!Names.IsQualified(name))
                errors.Add(FieldError.Invalid($"metadata.finalizers[{i}]", name, Names.QualifiedRule));
        if (before.StringAt("metadata", "deletionTimestamp") is null)
            return;
        var added = finalizers.Except((before.At("metadata", "finalizers") as JsonArray)?.Select(f => f.AsString() ?? "") ?? []).ToArray();
        if (added.Length > 0)
            errors.Add(FieldError.Forbidden("metadata.finalizers", $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{string.Join(", ", added.Select(a => $"\"{a}\""))}}}"));
    }
}
