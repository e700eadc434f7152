using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest.Reading;

/// <summary>Between <see cref="YamlNode"/> and JSON, so that one reader serves manifests and what was made of them.</summary>
internal static class NodeJson
{
    /// <summary>A manifest's own limit, and what normalising adds to it.</summary>
    private const int MaxDepth = 48;

    private const long LargestExactInteger = 9_007_199_254_740_991;

    /// <summary>
    /// JSON as a node tree without places, or nothing and an error where it is no JSON that a manifest could have become.
    /// Of members with the same name the last counts, as everywhere in JSON.
    /// </summary>
    public static YamlNode? Read(JsonElement value, ReadContext context)
    {
        if (Depth(value) > MaxDepth)
        {
            context.Error("manifest.too_deep", $"The specification nests deeper than {MaxDepth} levels.", default, "");
            return null;
        }
        try
        {
            return ToNode(value);
        }
        // What JsonElement throws for half a surrogate pair.
        catch (InvalidOperationException)
        {
            context.Error("manifest.encoding", "A text in the specification is not Unicode.", default, "");
            return null;
        }
    }

    private static YamlNode ToNode(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => new YamlMapping(
            [.. value.EnumerateObject().GroupBy(m => m.Name, StringComparer.Ordinal).Select(g => new YamlEntry(g.Key, default, ToNode(g.Last().Value)))], default),
        JsonValueKind.Array => new YamlSequence([.. value.EnumerateArray().Select(ToNode)], default),
        JsonValueKind.String => new YamlScalar(value.GetString()!, YamlStyle.DoubleQuoted, YamlKind.Text, default),
        JsonValueKind.Number => Plain(value.GetRawText()),
        JsonValueKind.True => Plain("true"),
        JsonValueKind.False => Plain("false"),
        _ => Plain("null"),
    };

    /// <summary>A node nobody here knows the meaning of, as JSON: scalars by the core schema, but a number that JSON would change stays the text it was.</summary>
    public static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMapping mapping => new JsonObject(mapping.Entries.Select(e => KeyValuePair.Create(e.Key, ToJson(e.Value)))),
        YamlSequence sequence => new JsonArray([.. sequence.Items.Select(ToJson)]),
        YamlScalar { Kind: YamlKind.Null } => null,
        YamlScalar { Boolean: { } flag } => JsonValue.Create(flag),
        YamlScalar { Kind: YamlKind.WholeNumber or YamlKind.RealNumber, Text: var text } => Number(text),
        YamlScalar { Text: var text } => JsonValue.Create(text),
        _ => null,
    };

    /// <summary>A detached, immutable copy.</summary>
    public static JsonElement ToElement(JsonNode node)
    {
        using var document = JsonDocument.Parse(CanonicalJson.Serialize(node));
        return document.RootElement.Clone();
    }

    private static int Depth(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => 1 + value.EnumerateObject().Select(m => Depth(m.Value)).DefaultIfEmpty().Max(),
        JsonValueKind.Array => 1 + value.EnumerateArray().Select(Depth).DefaultIfEmpty().Max(),
        _ => 0,
    };

    private static YamlScalar Plain(string text) => new(text, YamlStyle.Plain, YamlCoreSchema.Resolve(text), default);

    private static JsonValue Number(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) && Math.Abs((decimal)whole) <= LargestExactInteger
            && whole.ToString(CultureInfo.InvariantCulture) == text)
            return JsonValue.Create(whole);
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real)
            && real.ToString("R", CultureInfo.InvariantCulture) == text)
            return JsonValue.Create(real);
        return JsonValue.Create(text);
    }
}
