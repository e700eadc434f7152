using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api.Tables;

/// <summary>The columns of custom resources, from <c>additionalPrinterColumns</c>.</summary>
internal static class CustomColumns
{
    public static IReadOnlyList<Column> For(IReadOnlyList<JsonObject> declared) =>
        declared.Count == 0 ? [Column.ObjectName, Column.Age] : [Column.ObjectName, .. declared.Select(ToColumn)];

    private static Column ToColumn(JsonObject declared)
    {
        var path = new JsonPath(declared.StringAt("jsonPath") ?? "");
        var type = declared.StringAt("type") ?? "string";
        return new(declared.StringAt("name") ?? "", type, declared["priority"].AsInt(), (o, now) => Cell(path, type, o, now),
            declared.StringAt("format") ?? "", declared.StringAt("description") ?? "");
    }

    private static JsonNode? Cell(JsonPath path, string type, JsonObject o, DateTimeOffset now)
    {
        var values = path.Select(o).Where(v => v is not null).ToArray();
        if (type == "date")
            return values.Length == 0 ? null : Column.AgeOf(values[0], now);
        return values switch
        {
            [] => null,
            [JsonValue single] => type == "string" && single.AsString() is null ? single.ToJsonString() : single.DeepClone(),
            [var single] => single!.ToJsonString(JsonText.Relaxed),
            _ => string.Join(',', values.Select(v => v.AsString() ?? v!.ToJsonString(JsonText.Relaxed))),
        };
    }
}
