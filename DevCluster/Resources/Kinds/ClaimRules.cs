using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Resources.Kinds;

/// <summary>Persistent volume claims.</summary>
internal static class ClaimRules
{
    public const string DefaultClassAnnotation = "storageclass.kubernetes.io/is-default-class";

    public static void Prepare(JsonObject o, JsonObject? before, ObjectStore store)
    {
        if (o["spec"] is not JsonObject spec)
            return;
        if (before is null)
            o["status"] = new JsonObject { ["phase"] = "Pending" };
        if (spec["storageClassName"] is null && store.List("storage.k8s.io/storageclasses")
            .FirstOrDefault(c => c.Value.StringAt("metadata", "annotations", DefaultClassAnnotation) == "true") is { } standard)
            spec["storageClassName"] = standard.Key.Name;
        if (before.StringAt("spec", "volumeName") is { } volume && spec["volumeName"] is null)
            spec["volumeName"] = volume;
    }

    public static IEnumerable<FieldError> Validate(JsonObject o, JsonObject? before)
    {
        if (o["spec"] is not JsonObject spec)
        {
            yield return FieldError.Required("spec");
            yield break;
        }
        if (spec["accessModes"] is not JsonArray { Count: > 0 } modes)
            yield return FieldError.Required("spec.accessModes", "at least 1 access mode is required");
        else
            foreach (var mode in modes.Where(m => m.AsString() is not ("ReadWriteOnce" or "ReadOnlyMany" or "ReadWriteMany" or "ReadWriteOncePod")))
                yield return FieldError.NotSupported("spec.accessModes", mode.AsString(), ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]);
        if (Size(o) is not { } size)
            yield return FieldError.Required("spec.resources[storage]");
        else if (size <= 0)
            yield return FieldError.Invalid("spec.resources[storage]", spec.StringAt("resources", "requests", "storage"), "must be greater than zero");
        else if (before is not null && Size(before) is { } old && size < old)
            yield return FieldError.Forbidden("spec.resources.requests.storage", "field can not be less than previous value");
        if (before is not null && !JsonNode.DeepEquals(Fixed(before), Fixed(o)))
            yield return FieldError.Forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
    }

    private static decimal? Size(JsonObject o) =>
        o.StringAt("spec", "resources", "requests", "storage") is { } text && Quantity.TryParse(text, out var q) ? q.Value : null;

    private static JsonObject Fixed(JsonObject o)
    {
        var spec = ((JsonObject)o["spec"]!).Copy();
        foreach (var field in new[] { "resources", "volumeName", "volumeAttributesClassName" })
            spec.Remove(field);
        return spec;
    }
}
