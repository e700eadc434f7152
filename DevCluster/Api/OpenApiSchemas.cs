using System.Text.Json.Nodes;
using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>Writes schemas as OpenAPI components; a named type becomes a component with everything it refers to.</summary>
/// <param name="version2">For OpenAPI v2, where references start otherwise and their readers look for the description beside them.</param>
internal sealed class OpenApiSchemas(bool version2)
{
    private readonly string prefix = version2 ? "#/definitions/" : "#/components/schemas/";

    public JsonObject Components { get; } = [];

    public static JsonObject Kind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    /// <summary>Adds the type of a resource and returns the reference to it.</summary>
    public string AddRoot(ResourceType type, ResourceVersion version)
    {
        var schema = version.Schema;
        var name = schema.Name ?? $"{string.Join('.', type.Group.Split('.').Reverse())}.{version.Name}.{type.Kind}";
        JsonObject root;
        if (schema.Source is { } source)
        {
            root = source.Copy();
            var properties = root.Ensure("properties");
            properties["apiVersion"] = new JsonObject { ["type"] = "string", ["description"] = "Group and version of this representation." };
            properties["kind"] = new JsonObject { ["type"] = "string", ["description"] = "Kind of the object." };
            properties["metadata"] = Property(new(ResourceCatalog.ObjectMeta) { Description = "Standard metadata." });
            Components[name] = root;
        }
        else
        {
            Reference(schema);
            root = (JsonObject)Components[name]!;
        }
        root["x-kubernetes-group-version-kind"] = new JsonArray(Kind(type.Group, version.Name, type.Kind));
        return prefix + name;
    }

    private JsonObject Reference(Schema schema)
    {
        if (!Components.ContainsKey(schema.Name!))
        {
            var component = new JsonObject();
            Components[schema.Name!] = component;       // before its fields, which may refer back to it
            if (schema.Description is { } text)
                component["description"] = text;
            component["type"] = "object";
            if (schema.Atomic)
                component["x-kubernetes-map-type"] = "atomic";
            if (schema.Fields.Where(f => f.Value.Required).Select(f => (JsonNode)f.Key).ToArray() is { Length: > 0 } required)
                component["required"] = new JsonArray(required);
            component["properties"] = new JsonObject(schema.Fields.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)Property(f.Value))));
        }
        return new() { ["$ref"] = prefix + schema.Name };
    }

    private JsonObject Property(SchemaField field)
    {
        var o = Value(field.Schema);
        if (!version2 && o["$ref"] is not null && (field.Description is not null || field.RetainKeys))
            o = new() { ["allOf"] = new JsonArray(o) };
        if (field.Description is { } text)
            o["description"] = text;
        if (field.Default is { } value)
            o["default"] = value.DeepClone();
        if (field.Allowed.Count > 0)
            o["enum"] = new JsonArray([.. field.Allowed.Select(a => (JsonNode)a)]);
        var merge = field.Schema is { Type: SchemaType.List, ListType: not ListType.Atomic };
        if (merge || field.RetainKeys)
            o["x-kubernetes-patch-strategy"] = (merge, field.RetainKeys) switch { (true, true) => "merge,retainKeys", (true, _) => "merge", _ => "retainKeys" };
        if (merge && field.Schema.Keys.Count > 0)
            o["x-kubernetes-patch-merge-key"] = field.Schema.Keys[0];
        return o;
    }

    private JsonObject Value(Schema schema)
    {
        if (schema.Name is not null)
            return Reference(schema);
        var o = new JsonObject();
        switch (schema.Type)
        {
            case SchemaType.List:
                o["type"] = "array";
                o["items"] = Value(schema.Item);
                o["x-kubernetes-list-type"] = schema.ListType switch { ListType.Map => "map", ListType.Set => "set", _ => "atomic" };
                if (schema.Keys.Count > 0)
                    o["x-kubernetes-list-map-keys"] = new JsonArray([.. schema.Keys.Select(k => (JsonNode)k)]);
                break;
            case SchemaType.Map:
                o["type"] = "object";
                o["additionalProperties"] = Value(schema.Item);
                if (schema.Atomic)
                    o["x-kubernetes-map-type"] = "atomic";
                break;
            case SchemaType.IntOrString:
                o["format"] = "int-or-string";
                o["type"] = "string";
                break;
            case SchemaType.Any:
                o["type"] = "object";
                o["x-kubernetes-preserve-unknown-fields"] = true;
                break;
            default:
                o["type"] = SchemaValidator.OpenApiType(schema);
                if (schema.Format is { } format)
                    o["format"] = format;
                break;
        }
        return o;
    }
}
