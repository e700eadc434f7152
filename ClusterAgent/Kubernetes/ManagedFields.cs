using System.Text.Json.Nodes;
using CodeZero.AppManifest;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>What one field manager owns of an object, read from <c>metadata.managedFields</c> (Kubernetes "Server-Side Apply", FieldsV1).</summary>
internal static class ManagedFields
{
    /// <summary>
    /// A digest over the fields that <paramref name="manager"/> has applied and their present values. It changes when one of them is changed,
    /// removed, or taken over by another manager, and stays when others add fields of their own or the server fills in defaults.
    /// </summary>
    public static Digest DigestOf(KubernetesObject observed, string manager)
    {
        var owned = observed.Json.Objects("metadata", "managedFields")
            .Where(entry => entry.Text("manager") == manager && entry.Text("operation") == "Apply" && entry.Text("subresource") is null or "")
            .Select(entry => Project(observed.Json, entry["fieldsV1"]))
            .ToJson();
        return Digest.Of(CanonicalJson.Serialize(owned));
    }

    /// <summary>The managers, other than <paramref name="manager"/>, that have written to the object, in the order in which the server lists them.</summary>
    public static IEnumerable<string> OtherManagers(KubernetesObject observed, string manager) =>
        observed.Json.Objects("metadata", "managedFields")
            .Where(entry => entry.Text("subresource") is null or "")
            .Select(entry => entry.Text("manager"))
            .OfType<string>()
            .Where(name => name != manager)
            .Distinct();

    private static JsonObject Project(JsonNode? value, JsonNode? fields)
    {
        var projection = new JsonObject();
        foreach (var (path, below) in fields as JsonObject ?? [])
        {
            if (path == ".")
                continue;
            var child = Step(value, path);
            projection[path] = below is JsonObject { Count: > 0 } deeper && !IsOnlySelf(deeper) ? Project(child, deeper) : child?.DeepClone();
        }
        return projection;
    }

    private static bool IsOnlySelf(JsonObject fields) => fields.Count == 1 && fields.ContainsKey(".");

    /// <summary>Follows one FieldsV1 path element: f:name, k:{keys}, v:value, i:index.</summary>
    private static JsonNode? Step(JsonNode? value, string path) => path.Length < 2 ? null : path[..2] switch
    {
        "f:" => value.At(path[2..]),
        "k:" when JsonNode.Parse(path[2..]) is JsonObject keys =>
            value is JsonArray items ? items.FirstOrDefault(item => keys.All(key => JsonNode.DeepEquals(item.At(key.Key), key.Value))) : null,
        "v:" => value is JsonArray set ? set.FirstOrDefault(item => JsonNode.DeepEquals(item, JsonNode.Parse(path[2..]))) : null,
        "i:" when int.TryParse(path[2..], out var index) => value is JsonArray list && index >= 0 && index < list.Count ? list[index] : null,
        _ => null,
    };
}
