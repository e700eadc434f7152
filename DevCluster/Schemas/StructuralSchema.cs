using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CodeZero.DevCluster.Api;

namespace CodeZero.DevCluster.Schemas;

/// <summary>
/// Turns the <c>openAPIV3Schema</c> of a custom resource into a <see cref="Schema"/> and says where it is not structural
/// (Kubernetes documentation, "Specifying a structural schema"). CEL rules (<c>x-kubernetes-validations</c>) are kept but not evaluated.
/// </summary>
internal static class StructuralSchema
{
    private const int MaxDepth = 100;
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromMilliseconds(250);

    /// <summary>Reads the root schema of a version; the standard fields are added whether declared or not.</summary>
    public static Schema Root(JsonObject? source, Schema objectMeta, string path, List<FieldError> errors)
    {
        if (source is null)
        {
            errors.Add(FieldError.Required(path, "schemas are required"));
            return new() { Type = SchemaType.Object, PreserveUnknown = true };
        }
        var read = Read(source, path, errors, 0, structural: true);
        if (read.Type != SchemaType.Object)
            errors.Add(FieldError.Invalid($"{path}.type", source["type"]?.ToString() ?? "", "must be object at the root"));
        var root = new Schema
        {
            Type = SchemaType.Object, Fields = new(read.Fields), PreserveUnknown = read.PreserveUnknown, Constraints = read.Constraints, Source = source, Description = read.Description,
        };
        root.Fields["apiVersion"] = new(Schema.String);
        root.Fields["kind"] = new(Schema.String);
        root.Fields["metadata"] = new(objectMeta);
        return root;
    }

    private static Schema Read(JsonObject source, string path, List<FieldError> errors, int depth, bool structural)
    {
        if (depth > MaxDepth)
        {
            errors.Add(FieldError.Invalid(path, "", $"schema nests deeper than {MaxDepth}"));
            return Schema.Any;
        }
        var preserve = source["x-kubernetes-preserve-unknown-fields"].AsBool();
        var intOrString = source["x-kubernetes-int-or-string"].AsBool();
        var type = source["type"].AsString();
        if (structural && type is null && !preserve && !intOrString)
            errors.Add(FieldError.Required($"{path}.type", "must not be empty for specified object fields"));

        var fields = new Dictionary<string, SchemaField>();
        var required = (source["required"] as JsonArray)?.Select(n => n.AsString()).ToHashSet() ?? [];
        if (source["properties"] is JsonObject properties)
            foreach (var (name, child) in properties)
                fields[name] = new(Read(child as JsonObject ?? [], $"{path}.properties[{name}]", errors, depth + 1, structural))
                {
                    Required = required.Contains(name),
                    Default = (child as JsonObject)?["default"]?.DeepClone(),
                    Description = child?["description"].AsString(),
                };
        foreach (var missing in required.Where(r => r is not null && !fields.ContainsKey(r)))
            fields[missing!] = new(Schema.Any) { Required = true };

        Schema? items = null;
        if (source["items"] is JsonObject item)
            items = Read(item, $"{path}.items", errors, depth + 1, structural);
        else if (source["additionalProperties"] is JsonObject values)
            items = Read(values, $"{path}.additionalProperties", errors, depth + 1, structural);
        else if (source["additionalProperties"].AsBool())
            items = Schema.Any;

        var keys = (source["x-kubernetes-list-map-keys"] as JsonArray)?.Select(n => n.AsString() ?? "").ToArray() ?? [];
        var listType = source["x-kubernetes-list-type"].AsString() switch { "map" => ListType.Map, "set" => ListType.Set, _ => ListType.Atomic };
        if (listType == ListType.Map && keys.Length == 0)
            errors.Add(FieldError.Required($"{path}.x-kubernetes-list-map-keys", "must be specified for a list of type map"));

        return new()
        {
            Type = (type, intOrString, preserve) switch
            {
                (_, true, _) => SchemaType.IntOrString,
                ("object", _, _) when items is not null && source["properties"] is null => SchemaType.Map,
                ("object", _, _) => SchemaType.Object,
                ("array", _, _) => SchemaType.List,
                ("string", _, _) => SchemaType.String,
                ("integer", _, _) => SchemaType.Integer,
                ("number", _, _) => SchemaType.Number,
                ("boolean", _, _) => SchemaType.Boolean,
                _ when fields.Count > 0 => SchemaType.Object,
                _ => SchemaType.Any,
            },
            Fields = fields,
            Items = items,
            ListType = listType,
            Keys = keys,
            Atomic = source["x-kubernetes-map-type"].AsString() == "atomic",
            PreserveUnknown = preserve,
            EmbeddedResource = source["x-kubernetes-embedded-resource"].AsBool(),
            Nullable = source["nullable"].AsBool(),
            Format = source["format"].AsString(),
            Description = source["description"].AsString(),
            Source = source,
            Constraints = ReadConstraints(source, path, errors, depth),
        };
    }

    private static Constraints ReadConstraints(JsonObject source, string path, List<FieldError> errors, int depth)
    {
        IReadOnlyList<Schema> Alternatives(string key) => (source[key] as JsonArray)?.OfType<JsonObject>()
            .Select((s, i) => Read(s, $"{path}.{key}[{i}]", errors, depth + 1, structural: false)).ToArray() ?? [];

        return new()
        {
            Enum = (source["enum"] as JsonArray)?.Select(n => n?.DeepClone()).ToArray() ?? [],
            Minimum = source["minimum"].AsDouble(),
            Maximum = source["maximum"].AsDouble(),
            ExclusiveMinimum = source["exclusiveMinimum"].AsBool(),
            ExclusiveMaximum = source["exclusiveMaximum"].AsBool(),
            MultipleOf = source["multipleOf"].AsDouble(),
            MinLength = (int?)source["minLength"].AsLong(),
            MaxLength = (int?)source["maxLength"].AsLong(),
            MinItems = (int?)source["minItems"].AsLong(),
            MaxItems = (int?)source["maxItems"].AsLong(),
            MinProperties = (int?)source["minProperties"].AsLong(),
            MaxProperties = (int?)source["maxProperties"].AsLong(),
            Pattern = ReadPattern(source["pattern"].AsString(), path, errors),
            AllOf = Alternatives("allOf"),
            AnyOf = Alternatives("anyOf"),
            OneOf = Alternatives("oneOf"),
            Not = source["not"] is JsonObject not ? Read(not, $"{path}.not", errors, depth + 1, structural: false) : null,
        };
    }

    private static Regex? ReadPattern(string? pattern, string path, List<FieldError> errors)
    {
        if (pattern is null)
            return null;
        try
        {
            return new(pattern, RegexOptions.CultureInvariant, PatternTimeout);
        }
        catch (ArgumentException e)
        {
            errors.Add(FieldError.Invalid($"{path}.pattern", pattern, $"must be a valid regular expression, but isn't: {e.Message}"));
            return null;
        }
    }
}
