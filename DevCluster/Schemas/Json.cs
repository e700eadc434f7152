using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.DevCluster.Schemas;

/// <summary>Tolerant readers of JSON nodes: a value of another form reads as absent.</summary>
internal static class Json
{
    public static string? AsString(this JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : null;

    public static bool AsBool(this JsonNode? node) => node is JsonValue v && v.GetValueKind() == JsonValueKind.True;

    public static bool? AsOptionalBool(this JsonNode? node) =>
        (node as JsonValue)?.GetValueKind() switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null };

    public static long? AsLong(this JsonNode? node) => node.AsDouble() is { } d && d is >= long.MinValue and <= long.MaxValue ? (node!.AsValue().TryGetValue<long>(out var l) ? l : (long)d) : null;

    public static int AsInt(this JsonNode? node, int otherwise = 0) => node.AsLong() is { } l and >= int.MinValue and <= int.MaxValue ? (int)l : otherwise;

    public static double? AsDouble(this JsonNode? node)
    {
        if (node is not JsonValue v || v.GetValueKind() != JsonValueKind.Number)
            return null;
        if (v.TryGetValue<double>(out var d))
            return d;
        if (v.TryGetValue<long>(out var l))
            return l;
        return v.TryGetValue<int>(out var i) ? i : null;
    }

    /// <summary>Follows field names; null where one is missing.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
            node = (node as JsonObject)?[name];
        return node;
    }

    public static string? StringAt(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path).AsString();

    public static IEnumerable<JsonObject> ObjectsAt(this JsonNode? node, params ReadOnlySpan<string> path) =>
        (node.At(path) as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The object at the name, made when missing.</summary>
    public static JsonObject Ensure(this JsonObject parent, string name)
    {
        if (parent[name] is JsonObject existing)
            return existing;
        var made = new JsonObject();
        parent[name] = made;
        return made;
    }

    public static JsonArray EnsureArray(this JsonObject parent, string name)
    {
        if (parent[name] is JsonArray existing)
            return existing;
        var made = new JsonArray();
        parent[name] = made;
        return made;
    }

    public static JsonObject Copy(this JsonObject node) => (JsonObject)node.DeepClone();

    /// <summary>Visits every node, so that later concurrent readers find nothing left to materialise.</summary>
    public static JsonObject Freeze(this JsonObject root)
    {
        Touch(root);
        return root;

        static void Touch(JsonNode? node)
        {
            if (node is JsonObject o)
                foreach (var (_, child) in o)
                    Touch(child);
            else if (node is JsonArray a)
                foreach (var child in a)
                    Touch(child);
        }
    }
}
