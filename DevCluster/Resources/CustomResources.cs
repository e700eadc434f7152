using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Api.Tables;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Resources;

/// <summary>What a CustomResourceDefinition means, and when it is wrong.</summary>
internal static class CustomResources
{
    public const string StorageName = "apiextensions.k8s.io/customresourcedefinitions";
    public const string CleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    public static ResourceType ToType(JsonObject definition)
    {
        var spec = definition["spec"]!;
        var names = spec["names"]!;
        var versions = spec.ObjectsAt("versions").ToArray();
        var kind = names.StringAt("kind")!;
        return new(spec.StringAt("group")!, names.StringAt("plural")!, kind)
        {
            Singular = names.StringAt("singular") ?? kind.ToLowerInvariant(),
            ListKind = names.StringAt("listKind") ?? $"{kind}List",
            ShortNames = Strings(names["shortNames"]),
            Categories = Strings(names["categories"]),
            Namespaced = spec.StringAt("scope") == "Namespaced",
            HasGeneration = true,
            IsCustom = true,
            StorageVersion = versions.First(v => v["storage"].AsBool()).StringAt("name")!,
            Versions = [.. versions.Select(v => ToVersion(v, spec, kind))],
        };
    }

    private static ResourceVersion ToVersion(JsonObject version, JsonNode spec, string kind)
    {
        var scale = version.At("subresources", "scale") as JsonObject;
        var name = version.StringAt("name")!;
        return new(name, StructuralSchema.Root(version.At("schema", "openAPIV3Schema") as JsonObject, ResourceCatalog.ObjectMeta, "", []))
        {
            Served = version["served"].AsBool(),
            HasStatus = version.At("subresources", "status") is not null,
            Scale = scale is null ? null : new(Path(scale.StringAt("specReplicasPath"))!, Path(scale.StringAt("statusReplicasPath"))!, Path(scale.StringAt("labelSelectorPath"))),
            Columns = CustomColumns.For([.. version.ObjectsAt("additionalPrinterColumns")]),
            SelectableFields = [.. version.ObjectsAt("selectableFields").Select(f => f.StringAt("jsonPath")?.TrimStart('.') ?? "")],
            DeprecationWarning = !version["deprecated"].AsBool() ? null
                : version.StringAt("deprecationWarning") ?? $"{spec.StringAt("group")}/{name} {kind} is deprecated",
        };
    }

    private static string[]? Path(string? path) => path?.TrimStart('.').Split('.');

    private static string[] Strings(JsonNode? list) => (list as JsonArray)?.Select(n => n.AsString()).OfType<string>().ToArray() ?? [];

    /// <summary>Fills what the server completes: names, and a status that is established at once.</summary>
    public static void Prepare(JsonObject definition, JsonObject? live, DateTimeOffset now)
    {
        if (definition["spec"] is not JsonObject spec || spec["names"] is not JsonObject names)
            return;
        var kind = names.StringAt("kind") ?? "";
        names["singular"] ??= kind.ToLowerInvariant();
        names["listKind"] ??= $"{kind}List";
        if (spec["conversion"] is null)
            spec["conversion"] = new JsonObject { ["strategy"] = "None" };
        var finalizers = definition.Ensure("metadata").EnsureArray("finalizers");
        if (live is null && finalizers.All(f => f.AsString() != CleanupFinalizer))
            finalizers.Add(CleanupFinalizer);
        if (live is null)
            definition["status"] = Established(now);
        var status = definition.Ensure("status");
        status["acceptedNames"] = names.DeepClone();
        var stored = status.EnsureArray("storedVersions");
        if (spec.ObjectsAt("versions").FirstOrDefault(v => v["storage"].AsBool()).StringAt("name") is { } storage && stored.All(v => v.AsString() != storage))
            stored.Add(storage);
    }

    private static JsonObject Established(DateTimeOffset now) => new()
    {
        ["conditions"] = new JsonArray(
            Condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
            Condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now)),
    };

    private static JsonObject Condition(string type, string reason, string message, DateTimeOffset now) => new()
    {
        ["type"] = type, ["status"] = "True", ["lastTransitionTime"] = Timestamps.Format(now), ["reason"] = reason, ["message"] = message,
    };

    public static IEnumerable<FieldError> Validate(JsonObject definition, JsonObject? live, ResourceCatalog catalog)
    {
        var errors = new List<FieldError>();
        var spec = definition["spec"];
        var group = spec.StringAt("group") ?? "";
        var plural = spec.StringAt("names", "plural") ?? "";
        if (!Names.IsSubdomain(group) || !group.Contains('.'))
            errors.Add(FieldError.Invalid("spec.group", group, "should be a domain with at least one dot"));
        if (!Names.IsLabel(plural))
            errors.Add(FieldError.Invalid("spec.names.plural", plural, Names.LabelRule));
        if (definition.StringAt("metadata", "name") is { } name && name != $"{plural}.{group}")
            errors.Add(FieldError.Invalid("metadata.name", name, $"must be spec.names.plural+\".\"+spec.group"));
        if (ResourceCatalog.IsBuiltInGroup(group))
            errors.Add(FieldError.Invalid("spec.group", group, "is a built-in group"));
        var kind = spec.StringAt("names", "kind") ?? "";
        if (catalog.FindKind(group, kind) is { } other && other.Plural != plural)
            errors.Add(FieldError.Invalid("spec.names.kind", kind, $"is already in use by {other.Plural}.{group}"));
        if (live is not null)
        {
            if (live.StringAt("spec", "scope") != spec.StringAt("scope"))
                errors.Add(FieldError.Invalid("spec.scope", spec.StringAt("scope"), "field is immutable"));
            if (live.StringAt("spec", "names", "kind") != kind)
                errors.Add(FieldError.Invalid("spec.names.kind", kind, "field is immutable"));
        }
        ValidateVersions([.. spec.ObjectsAt("versions")], errors);
        return errors;
    }

    private static void ValidateVersions(JsonObject[] versions, List<FieldError> errors)
    {
        if (versions.Count(v => v["storage"].AsBool()) != 1)
            errors.Add(FieldError.Invalid("spec.versions", new JsonArray([.. versions.Select(v => v["name"]?.DeepClone())]), "must have exactly one version marked as storage version"));
        var seen = new HashSet<string>();
        for (var i = 0; i < versions.Length; i++)
        {
            var path = $"spec.versions[{i}]";
            var name = versions[i].StringAt("name") ?? "";
            if (!Names.IsLabel(name))
                errors.Add(FieldError.Invalid($"{path}.name", name, Names.LabelRule));
            if (!seen.Add(name))
                errors.Add(FieldError.Duplicate($"{path}.name", name));
            // The schema of a single version is kept for all of them, and errors in it are told of there.
            var schemaPath = versions.Length == 1 ? "spec.validation.openAPIV3Schema" : $"{path}.schema.openAPIV3Schema";
            StructuralSchema.Root(versions[i].At("schema", "openAPIV3Schema") as JsonObject, ResourceCatalog.ObjectMeta, schemaPath, errors);
            if (versions[i].At("subresources", "scale") is JsonObject scale)
                foreach (var field in new[] { "specReplicasPath", "statusReplicasPath" })
                    if (scale.StringAt(field) is not { Length: > 1 } jsonPath || jsonPath[0] != '.')
                        errors.Add(FieldError.Invalid($"{path}.subresources.scale.{field}", scale.StringAt(field), "should be a json path under .spec or .status"));
        }
    }
}
