using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api.Tables;

/// <summary>
/// The JSONPath of additionalPrinterColumns: fields (<c>.a.b</c>, <c>['a.b']</c>, <c>\.</c> for a dot in a name), <c>[n]</c>, <c>[*]</c>,
/// and <c>[?(@.field=="value")]</c>. A path of another form selects nothing.
/// </summary>
internal sealed class JsonPath
{
    private readonly List<Func<JsonNode?, IEnumerable<JsonNode?>>> steps = [];

    public JsonPath(string path)
    {
        var rest = path.Trim().TrimStart('{').TrimEnd('}').TrimStart('$');
        while (rest.Length > 0)
        {
            if (rest[0] == '[' && rest.IndexOf(']') is > 0 and var close)
            {
                steps.Add(Bracket(rest[1..close].Trim()));
                rest = rest[(close + 1)..];
                continue;
            }
            rest = rest.TrimStart('.');
            var name = "";
            var i = 0;
            for (; i < rest.Length && rest[i] is not ('.' or '['); i++)
                name += rest[i] == '\\' && i + 1 < rest.Length ? rest[++i] : rest[i];
            if (name.Length > 0)
                steps.Add(Field(name));
            rest = rest[i..];
        }
    }

    public IEnumerable<JsonNode?> Select(JsonNode? root)
    {
        IEnumerable<JsonNode?> found = [root];
        foreach (var step in steps)
            found = found.SelectMany(step);
        return found;
    }

    private static Func<JsonNode?, IEnumerable<JsonNode?>> Field(string name) =>
        name == "*" ? All : node => node is JsonObject o && o.TryGetPropertyValue(name, out var value) ? [value] : [];

    private static IEnumerable<JsonNode?> All(JsonNode? node) => node switch { JsonArray a => a, JsonObject o => o.Select(p => p.Value), _ => [] };

    private static Func<JsonNode?, IEnumerable<JsonNode?>> Bracket(string inside)
    {
        if (inside == "*")
            return All;
        if (inside.Length > 1 && inside[0] is '\'' or '"')
            return Field(inside[1..^1]);
        if (int.TryParse(inside, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
            return node => node is JsonArray a && (index < 0 ? a.Count + index : index) is var i && i >= 0 && i < a.Count ? [a[i]] : [];
        if (inside.StartsWith("?(", StringComparison.Ordinal) && inside.EndsWith(')') && inside[2..^1].Split("==", 2) is [var left, var right])
        {
            var path = new JsonPath(left.Trim().TrimStart('@'));
            var wanted = right.Trim().Trim('"', '\'');
            return node => node is JsonArray a ? a.Where(item => path.Select(item).Any(v => (v.AsString() ?? v?.ToJsonString()) == wanted)) : [];
        }
        return static _ => [];
    }
}
