using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>A parsed label selector; all requirements must hold.</summary>
internal sealed class LabelSelector
{
    private readonly List<(string Key, string Operator, string[] Values)> requirements = [];

    public static readonly LabelSelector Everything = new();

    public bool IsEmpty => requirements.Count == 0;

    public bool Matches(JsonObject? labels) => requirements.TrueForAll(r => Holds(labels?[r.Key].AsString(), r));

    private static bool Holds(string? value, (string Key, string Operator, string[] Values) r) => r.Operator switch
    {
        "in" => value is not null && r.Values.Contains(value),
        "notin" => value is null || !r.Values.Contains(value),
        "exists" => value is not null,
        _ => value is null,
    };

    /// <summary>Parses <c>a=b,c!=d,e in (x,y),f notin (z),g,!h</c>; an error is a 400.</summary>
    public static LabelSelector Parse(string? text)
    {
        var selector = new LabelSelector();
        foreach (var part in SplitOutsideParentheses(text ?? ""))
            selector.requirements.Add(ParseRequirement(part));
        return selector;
    }

    private static (string, string, string[]) ParseRequirement(string part)
    {
        var words = part.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words is [var set, var op, var list] && op is "in" or "notin" && list is ['(', .., ')'])
            return (Key(set), op, [.. list[1..^1].Split(',').Select(v => Value(v.Trim()))]);
        if (words is [var tight, var glued] && glued.IndexOf('(', StringComparison.Ordinal) is > 0 and var at && glued[..at] is "in" or "notin" && glued[^1] == ')')
            return (Key(tight), glued[..glued.IndexOf('(', StringComparison.Ordinal)], [.. glued[(glued.IndexOf('(', StringComparison.Ordinal) + 1)..^1].Split(',').Select(v => Value(v.Trim()))]);
        if (part.Split("!=") is [var unequal, var other])
            return (Key(unequal.Trim()), "notin", [Value(other.Trim())]);
        if (part.Replace("==", "=", StringComparison.Ordinal).Split('=') is [var equal, var value])
            return (Key(equal.Trim()), "in", [Value(value.Trim())]);
        return part.StartsWith('!') ? (Key(part[1..].Trim()), "absent", []) : (Key(part), "exists", []);
    }

    private static string Key(string key) => Names.IsQualified(key) ? key
        : throw StatusException.BadRequest($"unable to parse requirement: <nil>: Invalid value: \"{key}\": {Names.QualifiedRule}");

    private static string Value(string value) => Names.IsLabelValue(value) ? value
        : throw StatusException.BadRequest($"unable to parse requirement: values[0][]: Invalid value: \"{value}\": {Names.LabelValueRule}");

    private static IEnumerable<string> SplitOutsideParentheses(string text)
    {
        var (start, depth) = (0, 0);
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] != ',')
                depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            else if (i == text.Length || depth == 0)
            {
                if (text[start..i].Trim() is { Length: > 0 } part)
                    yield return part;
                start = i + 1;
            }
        }
    }

    /// <summary>From the object form used inside specs. A null selector matches nothing, an empty one everything.</summary>
    public static LabelSelector? FromObject(JsonNode? node)
    {
        if (node is not JsonObject o)
            return null;
        var selector = new LabelSelector();
        foreach (var (key, value) in o["matchLabels"] as JsonObject ?? [])
            selector.requirements.Add((key, "in", [value.AsString() ?? ""]));
        foreach (var e in o.ObjectsAt("matchExpressions"))
            selector.requirements.Add((e.StringAt("key") ?? "", e.StringAt("operator") switch { "In" => "in", "NotIn" => "notin", "Exists" => "exists", _ => "absent" },
                (e["values"] as JsonArray)?.Select(v => v.AsString() ?? "").ToArray() ?? []));
        return selector;
    }

    /// <summary>A selector of plain labels, as Services have.</summary>
    public static LabelSelector FromLabels(JsonObject labels)
    {
        var selector = new LabelSelector();
        foreach (var (key, value) in labels)
            selector.requirements.Add((key, "in", [value.AsString() ?? ""]));
        return selector;
    }

    public override string ToString() => string.Join(',', requirements.Select(r => r.Operator switch
    {
        "in" when r.Values.Length == 1 => $"{r.Key}={r.Values[0]}",
        "exists" => r.Key,
        "absent" => $"!{r.Key}",
        _ => $"{r.Key} {r.Operator} ({string.Join(',', r.Values)})",
    }));
}

/// <summary>A parsed field selector: <c>metadata.name=x,status.phase!=Running</c>.</summary>
internal sealed class FieldSelector
{
    private readonly List<(string[] Path, bool Equal, string Value)> requirements = [];

    /// <summary>The value that <c>metadata.name</c> must have, when the selector says so.</summary>
    public string? Name => requirements.Where(r => r.Equal && r.Path is ["metadata", "name"]).Select(r => r.Value).FirstOrDefault();

    public static FieldSelector Parse(string? text, IReadOnlyList<string> selectable)
    {
        var selector = new FieldSelector();
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equal = !part.Contains("!=", StringComparison.Ordinal);
            if (part.Replace("!=", "=", StringComparison.Ordinal).Replace("==", "=", StringComparison.Ordinal).Split('=', 2) is not [var field, var value])
                throw StatusException.BadRequest($"invalid selector: '{text}'; can't understand '{part}'");
            if (field is not ("metadata.name" or "metadata.namespace") && !selectable.Contains(field))
                throw StatusException.BadRequest(selectable.Count > 0 ? $"field label not supported: {field}"
                    : $"\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
            selector.requirements.Add((field == "source" ? ["source", "component"] : field.Split('.'), equal, value));
        }
        return selector;
    }

    public bool Matches(JsonObject o) => requirements.TrueForAll(r => (Text(o.At(r.Path)) == r.Value) == r.Equal);

    private static string Text(JsonNode? node) => node switch
    {
        null => "",
        JsonValue v when v.GetValueKind() == JsonValueKind.String => v.GetValue<string>(),
        _ => node.ToJsonString(),
    };
}
