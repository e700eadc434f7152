using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api.Tables;
using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>Objects in the form of <c>meta.k8s.io/v1 Table</c>, and reduced to their metadata.</summary>
internal sealed class TableWriter(TimeProvider clock)
{
    /// <param name="include">What each row carries of its object: Metadata (default), Object or None.</param>
    public JsonObject Write(IEnumerable<JsonObject> objects, ResourceVersion version, string? include, string? resourceVersion)
    {
        var columns = version.Columns.Count > 0 ? version.Columns : [Column.ObjectName, Column.Age];
        var now = clock.GetUtcNow();
        var rows = new JsonArray();
        foreach (var o in objects)
        {
            var row = new JsonObject { ["cells"] = new JsonArray([.. columns.Select(c => c.Value(o, now))]) };
            if (include is "Object")
                row["object"] = o.Copy();
            else if (include is not "None")
                row["object"] = PartialMetadata(o);
            rows.Add(row);
        }
        var metadata = new JsonObject();
        if (resourceVersion is not null)
            metadata["resourceVersion"] = resourceVersion;
        return new()
        {
            ["kind"] = "Table", ["apiVersion"] = "meta.k8s.io/v1", ["metadata"] = metadata,
            ["columnDefinitions"] = new JsonArray([.. columns.Select(c => (JsonNode)c.Definition())]), ["rows"] = rows,
        };
    }

    /// <summary>A table without cells that only brings a resourceVersion.</summary>
    public static JsonObject Bookmark(JsonObject o) => new()
    {
        ["kind"] = "Table", ["apiVersion"] = "meta.k8s.io/v1", ["metadata"] = o["metadata"]!.DeepClone(), ["columnDefinitions"] = new JsonArray(),
        ["rows"] = new JsonArray(new JsonObject { ["cells"] = new JsonArray(), ["object"] = PartialMetadata(o) }),
    };

    public static JsonObject PartialMetadata(JsonObject o) =>
        new() { ["kind"] = "PartialObjectMetadata", ["apiVersion"] = "meta.k8s.io/v1", ["metadata"] = o["metadata"]?.DeepClone() ?? new JsonObject() };
}
