using System.Text.Json.Nodes;
using CodeZero.AppManifest.Reading;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest;

/// <summary>The value of an environment variable: a <see cref="Literal"/>, or one that is <see cref="Generated"/> once, at the first install.</summary>
public abstract record ConfigValue
{
    private const int MostValues = 500;
    private const int LongestValue = 100_000;
    private const int ShortestSafe = 16;

    private ConfigValue()
    {
    }

    /// <summary>Exactly the text that was written: <c>1.10</c> and <c>yes</c> stay so.</summary>
    public sealed record Literal(string Text) : ConfigValue;

    public sealed record Generated(GenerateOptions Options) : ConfigValue;

    internal static SortedDictionary<string, ConfigValue> ReadAll(MappingReader reader, string key, string oldName, bool isSecret)
    {
        var values = new SortedDictionary<string, ConfigValue>(StringComparer.Ordinal);
        if (reader.Take(key, oldName) is not { } node)
            return values;
        var path = reader.PathOf(key);
        var json = new JsonObject();
        var entries = Entries(node, reader, key);
        if (entries.Count > MostValues)
            reader.Error("manifest.too_many", $"`{key}` has more than {MostValues} values.", key);
        foreach (var entry in entries.Take(MostValues))
        {
            var at = $"{path}.{Shown.Text(entry.Key)}";
            if (!Formats.IsVariable(entry.Key))
                reader.Context.Error("manifest.value", $"\"{Shown.Text(entry.Key)}\" is no name of an environment variable: use letters, digits and '_', no digit first.", entry.KeyMark, at);
            else if (values.ContainsKey(entry.Key))
                reader.Context.Error("manifest.duplicate", $"{entry.Key} has two values.", entry.KeyMark, at);
            else if (ReadOne(entry.Value, at, reader.Context, isSecret) is ({ } value, { } written))
                (values[entry.Key], json[entry.Key]) = (value, written);
        }
        if (json.Count > 0)
            reader.Json[key] = json;
        return values;
    }

    private static (ConfigValue? Value, JsonNode? Json) ReadOne(YamlNode node, string path, ReadContext context, bool isSecret)
    {
        if (node is YamlMapping mapping && mapping["generate"] is not null)
        {
            var reader = new MappingReader(mapping, path, context);
            var options = GenerateOptions.Read(reader, "generate");
            reader.Complete(UnknownKeys.Refuse);
            if (options is { Length: < ShortestSafe } && isSecret)
                reader.Warning("manifest.weak_secret", $"The generated value has {options.Length} characters; use at least {ShortestSafe}.", "generate");
            return options is null ? default : (new Generated(options), reader.Json);
        }
        if (node is not YamlScalar { IsNull: false })
        {
            context.Error("manifest.type", $"A value is a text, a number, true or false, or generate: with its options; not {node.Describe()}.", node.Mark, path);
            return default;
        }
        if (MappingReader.ScalarText(node, path, context, LongestValue) is not { } text)
            return default;
        if (isSecret && !context.FromCanonical)
            context.Warning("manifest.literal_secret", "A secret that stands in the manifest is no secret. Let it be generated, or ask for it in the flow.", node.Mark, path);
        return (new Literal(text), JsonValue.Create(text));
    }

    /// <summary>A list of single values, as some old manifests have it, is read as the mapping it was meant to be.</summary>
    private static IReadOnlyList<YamlEntry> Entries(YamlNode node, MappingReader reader, string key)
    {
        if (node is YamlMapping mapping)
            return mapping.Entries;
        if (node is YamlSequence { Items: var items } && items.All(i => i is YamlMapping { Entries.Count: 1 }))
        {
            reader.Context.Warning("manifest.shape", $"`{key}` is read as one mapping; write it without the dashes.", node.Mark, reader.PathOf(key));
            return [.. items.SelectMany(i => ((YamlMapping)i).Entries)];
        }
        reader.Context.Error("manifest.type", $"`{key}` must be a mapping from names to values, not {node.Describe()}.", node.Mark, reader.PathOf(key));
        return [];
    }
}
