using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest.Reading;

/// <summary>
/// Reads one mapping key by key. Every accessor checks the value's shape, reports what is wrong with it, and writes the normalised value to <see cref="Json"/>,
/// so that what is validated, what becomes the typed model and what is published cannot differ. A key without a value is an absent key.
/// </summary>
internal sealed class MappingReader(YamlMapping node, string path, ReadContext context)
{
    private const string Unset = "$unset";
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public YamlMapping Node { get; } = node;

    public string Path { get; } = path;

    public ReadContext Context { get; } = context;

    /// <summary>The normalised mapping so far.</summary>
    public JsonObject Json { get; } = [];

    /// <summary>Reads a node that must be a mapping.</summary>
    public static MappingReader? From(YamlNode node, string path, ReadContext context)
    {
        if (node is YamlMapping mapping)
            return new(mapping, path, context);
        context.Error("manifest.type", $"Here belongs a mapping (key: value), not {node.Describe()}.", node.Mark, path);
        return null;
    }

    public string PathOf(string key) => Path.Length == 0 ? Shown.Text(key) : $"{Path}.{Shown.Text(key)}";

    /// <summary>The place of a key that stands there, or of the mapping.</summary>
    public YamlMark MarkOf(string key) => Node.Find(key)?.KeyMark ?? Node.Mark;

    public void Error(string code, string message, string key) => Context.Error(code, message, MarkOf(key), PathOf(key));

    public void Warning(string code, string message, string key) => Context.Warning(code, message, MarkOf(key), PathOf(key));

    /// <summary>The value of a key, or of an old name of it.</summary>
    public YamlNode? Take(string key, string? oldName = null)
    {
        _known.Add(key);
        var value = Present(key);
        if (oldName is null)
            return value;
        _known.Add(oldName);
        if (Present(oldName) is not { } old)
            return value;
        if (value is null)
        {
            Warning("manifest.old_name", $"`{oldName}` is read as `{key}`: write `{key}`.", oldName);
            return old;
        }
        if (!JsonNode.DeepEquals(NodeJson.ToJson(value), NodeJson.ToJson(old)))
            Error("manifest.conflict", $"`{oldName}` and `{key}` mean the same, but differ here. Keep `{key}` only.", oldName);
        return value;
    }

    /// <summary>The written text of a scalar.</summary>
    public string? Text(string key, string? oldName = null, bool required = false, int longest = 10_000)
    {
        if (Take(key, oldName) is not { } value)
            return required ? Missing<string>(key) : null;
        if (ScalarText(value, PathOf(key), Context, longest) is not { } text)
            return null;
        if (required && string.IsNullOrWhiteSpace(text))
            return Missing<string>(key);
        Json[key] = text;
        return text;
    }

    /// <summary>The text of a scalar that must match a pattern.</summary>
    public string? Name(string key, Func<string, bool> isValid, string rule, bool required = false)
    {
        if (Text(key, required: required) is not { } text)
            return null;
        if (isValid(text))
            return text;
        Error("manifest.value", $"\"{Shown.Text(text)}\" is no {rule}.", key);
        return null;
    }

    public bool? Flag(string key)
    {
        if (Take(key) is not { } value)
            return null;
        bool? flag = value switch
        {
            YamlScalar { Boolean: { } plain } => plain,
            YamlScalar { Text: "true" } => true,
            YamlScalar { Text: "false" } => false,
            _ => null,
        };
        if (flag is null)
            Error("manifest.type", $"`{key}` must be true or false, not {Quote(value)}.", key);
        else
            Json[key] = flag.Value;
        return flag;
    }

    public int? Integer(string key, int min, int max, bool required = false)
    {
        if (Take(key) is not { } value)
            return required ? Missing<int?>(key) : null;
        if (IntegerOf(value, min, max, PathOf(key), Context) is not { } number)
            return null;
        Json[key] = number;
        return number;
    }

    public decimal? Number(string key)
    {
        if (Take(key) is not { } value)
            return null;
        if (value is YamlScalar { Text: var text }
            && decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number))
        {
            Json[key] = JsonValue.Create(number);
            return number;
        }
        Error("manifest.type", $"`{key}` must be a number, not {Quote(value)}.", key);
        return null;
    }

    /// <summary>One of a few words, in any case; stored in lower case unless the words say otherwise.</summary>
    public T? OneOf<T>(string key, IReadOnlyDictionary<string, T> words, bool required = false) where T : struct
    {
        if (Take(key) is not { } value)
            return required ? Missing<T?>(key) : null;
        var text = (value as YamlScalar)?.Text;
        if (text is not null && words.Keys.FirstOrDefault(w => string.Equals(w, text, StringComparison.OrdinalIgnoreCase)) is { } word)
        {
            if (word != text)
                Context.Note("manifest.case", $"\"{Shown.Text(text)}\" is read as \"{word}\".", value.Mark, PathOf(key));
            Json[key] = word;
            return words[word];
        }
        var nearest = text is null ? null : Context.Suggest(text, words.Keys);
        Context.Error("manifest.value", $"`{key}` must be one of {string.Join(", ", words.Keys)}, not {Quote(value)}." + Nearest.Question(nearest), value.Mark, PathOf(key), nearest);
        return null;
    }

    public MappingReader? Mapping(string key)
    {
        if (Take(key) is not { } value || From(value, PathOf(key), Context) is not { } child)
            return null;
        Json[key] = child.Json;
        return child;
    }

    /// <summary>The items of a list; one value alone is a list of one.</summary>
    public IReadOnlyList<(YamlNode Node, string Path)> Items(string key, string? oldName = null, int most = 1_000)
    {
        if (Take(key, oldName) is not { } value)
            return [];
        var path = PathOf(key);
        if (value is not YamlSequence list)
        {
            Context.Note("manifest.shorthand", $"One value for `{key}` is read as a list of one.", value.Mark, path);
            return [(value, path)];
        }
        if (list.Items.Count > most)
        {
            Error("manifest.too_many", string.Create(CultureInfo.InvariantCulture, $"`{key}` has {list.Items.Count} items; at most {most} are allowed."), key);
            return [];
        }
        return [.. list.Items.Select((item, i) => (item, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]")))];
    }

    /// <summary>A list of texts.</summary>
    public IReadOnlyList<string> Texts(string key, string? oldName = null, int most = 1_000, int longest = 10_000)
    {
        var items = Items(key, oldName, most);
        if (items.Count == 0)
            return [];
        var texts = new List<string>();
        foreach (var (item, itemPath) in items)
            if (ScalarText(item, itemPath, Context, longest) is { } text)
                texts.Add(text);
        Json[key] = new JsonArray([.. texts.Select(t => (JsonNode)t)]);
        return texts;
    }

    /// <summary>Passes a value on as it is.</summary>
    public void Keep(string key)
    {
        if (Take(key) is { } value)
            Json[key] = NodeJson.ToJson(value);
    }

    /// <summary>Judges the keys nobody asked for. Call it last.</summary>
    public void Complete(UnknownKeys unknown)
    {
        foreach (var entry in Node.Entries.Where(e => !_known.Contains(e.Key)))
        {
            if (entry.Value is YamlScalar { Text: Unset })
                continue;
            if (unknown == UnknownKeys.Keep)
                Json[entry.Key] = NodeJson.ToJson(entry.Value);
            else
                Unknown(entry, unknown);
        }
    }

    private void Unknown(YamlEntry entry, UnknownKeys unknown)
    {
        var nearest = Context.Suggest(entry.Key, _known);
        var message = Pricing.IsPricing(entry.Key)
            ? $"`{Shown.Text(entry.Key)}`: prices do not belong in the manifest. Set them in the Hub, for the application and its edition."
            : $"The key `{Shown.Text(entry.Key)}` is not known here." + (nearest is null ? " Remove it." : Nearest.Question(nearest));
        var code = Pricing.IsPricing(entry.Key) ? "manifest.pricing" : "manifest.unknown_key";
        // What was published is read by those who come later and by those who came before: they skip what they do not know, and say so.
        if (!Context.FromCanonical && (unknown == UnknownKeys.Refuse || Context.Options.Strict || Pricing.IsPricing(entry.Key)))
        {
            Context.Error(code, message, entry.KeyMark, PathOf(entry.Key), nearest);
            return;
        }
        Context.Warning(code, message, entry.KeyMark, PathOf(entry.Key), nearest);
        Json[entry.Key] = NodeJson.ToJson(entry.Value);
    }

    public static string? ScalarText(YamlNode node, string path, ReadContext context, int longest = 10_000)
    {
        if (node is not YamlScalar { IsNull: false, Text: var text })
        {
            context.Error("manifest.type", $"Here belongs a text, not {node.Describe()}.", node.Mark, path);
            return null;
        }
        if (text.Length <= longest && !text.Contains('\0', StringComparison.Ordinal))
            return text;
        context.Error("manifest.value", string.Create(CultureInfo.InvariantCulture, $"The text must have at most {longest} characters and no NUL; it has {text.Length}."), node.Mark, path);
        return null;
    }

    public static int? IntegerOf(YamlNode node, int min, int max, string path, ReadContext context)
    {
        if (node is YamlScalar { Text: var text } && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        context.Error("manifest.value", string.Create(CultureInfo.InvariantCulture, $"Here belongs a whole number from {min} to {max}, not {Quote(node)}."), node.Mark, path);
        return null;
    }

    public static string Quote(YamlNode node) => node is YamlScalar { IsNull: false, Text: var text } ? $"\"{Shown.Text(text)}\"" : node.Describe();

    private YamlNode? Present(string key) => Node[key] is { } value and not YamlScalar { IsNull: true } and not YamlScalar { Text: Unset } ? value : null;

    private T? Missing<T>(string key)
    {
        Context.Error("manifest.required", $"`{key}` is required.", MarkOf(key), PathOf(key));
        return default;
    }
}

/// <summary>Keys that people expect to set a price with.</summary>
internal static class Pricing
{
    public static bool IsPricing(string key) => key is "price" or "prices" or "pricing" or "tier" or "tiers" or "billing" or "plan" or "plans" or "trial" or "currency";
}
