using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.DevCluster.Schemas;

/// <summary>What a schema does to an incoming object: drop nulls and unknown fields, bring values to their form, fill defaults.</summary>
internal static class SchemaWalk
{
    /// <summary>Removes what the schema does not know and returns where it stood (<c>spec.containers[0].foo</c>).</summary>
    public static IReadOnlyList<string> Prune(JsonObject root, Schema schema)
    {
        var unknown = new List<string>();
        PruneNode(root, schema, "", unknown);
        return unknown;
    }

    private static void PruneNode(JsonNode? node, Schema schema, string path, List<string> unknown)
    {
        if (node is JsonArray array)
        {
            for (var i = 0; i < array.Count; i++)
                PruneNode(array[i], schema.Item, $"{path}[{i}]", unknown);
            return;
        }
        if (node is not JsonObject o || (schema.Type == SchemaType.Any && !schema.EmbeddedResource))
            return;
        foreach (var (name, value) in o.ToArray())
        {
            var place = path.Length == 0 ? name : $"{path}.{name}";
            if (schema.EmbeddedResource && name is "apiVersion" or "kind" or "metadata")
                continue;
            if (schema.Member(name) is { } member)
                PruneNode(value, member, place, unknown);
            else
            {
                unknown.Add(place);
                o.Remove(name);
            }
        }
    }

    /// <summary>Drops null members as the built-in types do; a field declared nullable keeps its null.</summary>
    public static void DropNulls(JsonNode? node, Schema schema)
    {
        if (node is JsonArray array)
            foreach (var item in array)
                DropNulls(item, schema.Item);
        else if (node is JsonObject o)
            foreach (var (name, value) in o.ToArray())
            {
                var member = schema.Member(name) ?? Schema.Any;
                if (value is null && !member.Nullable && !(schema.Type == SchemaType.Any && schema.PreserveUnknown))
                    o.Remove(name);
                else
                    DropNulls(value, member);
            }
    }

    /// <summary>Drops empty maps and lists from fields that need not be there: the built-in types cannot tell them from absent ones.</summary>
    public static void DropEmpty(JsonNode? node, Schema schema)
    {
        if (node is JsonArray array)
            foreach (var item in array)
                DropEmpty(item, schema.Item);
        else if (node is JsonObject o)
            foreach (var (name, value) in o.ToArray())
                if (schema.Field(name) is { Required: false, Schema.Type: SchemaType.Map or SchemaType.List } && value is JsonObject { Count: 0 } or JsonArray { Count: 0 })
                    o.Remove(name);
                else if (schema.Member(name) is { Type: not SchemaType.Any } member)
                    DropEmpty(value, member);
    }

    /// <summary>Fills absent fields with their defaults, at every depth.</summary>
    public static void Default(JsonNode? node, Schema schema)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array)
                Default(item, schema.Item);
        }
        else if (node is JsonObject o)
        {
            foreach (var (name, field) in schema.Fields)
                if (field.Default is not null && (!o.TryGetPropertyValue(name, out var value) || (value is null && !field.Schema.Nullable)))
                    o[name] = field.Default.DeepClone();
            foreach (var (name, value) in o)
                if (schema.Member(name) is { Type: not SchemaType.Any } member)
                    Default(value, member);
        }
    }

    /// <summary>Writes quantities as the API does: numbers become strings, and strings their shortest canonical form.</summary>
    public static void Canonicalize(JsonNode? node, Schema schema)
    {
        if (node is JsonArray array)
        {
            for (var i = 0; i < array.Count; i++)
                if (schema.Item.Type == SchemaType.Quantity)
                    array[i] = QuantityText(array[i]);
                else
                    Canonicalize(array[i], schema.Item);
        }
        else if (node is JsonObject o)
        {
            foreach (var (name, value) in o.ToArray())
            {
                var member = schema.Member(name);
                if (member?.Type == SchemaType.Quantity)
                    o[name] = QuantityText(value);
                else if (member is { Type: not SchemaType.Any })
                    Canonicalize(value, member);
            }
        }
    }

    private static JsonNode? QuantityText(JsonNode? value)
    {
        var text = value is JsonValue v && v.GetValueKind() == JsonValueKind.Number ? v.ToJsonString() : value.AsString();
        return text is not null && Quantity.TryParse(text, out var quantity) ? JsonValue.Create(quantity.ToString()) : value?.DeepClone();
    }
}

/// <summary>A Kubernetes resource quantity such as <c>500m</c>, <c>1Gi</c> or <c>2</c>, kept exactly.</summary>
internal readonly record struct Quantity(decimal Value, Quantity.Suffixes Form)
{
    internal enum Suffixes { Decimal, Binary, Exponent }

    private static readonly (string Suffix, decimal Factor)[] BinaryUnits =
        [("Ei", 1152921504606846976m), ("Pi", 1125899906842624m), ("Ti", 1099511627776m), ("Gi", 1073741824m), ("Mi", 1048576m), ("Ki", 1024m)];
    private static readonly (string Suffix, decimal Factor)[] DecimalUnits =
        [("E", 1e18m), ("P", 1e15m), ("T", 1e12m), ("G", 1e9m), ("M", 1e6m), ("k", 1e3m), ("", 1m), ("m", 1e-3m), ("u", 1e-6m), ("n", 1e-9m)];

    public static bool TryParse(string text, out Quantity quantity)
    {
        quantity = default;
        foreach (var (suffix, factor) in BinaryUnits)
            if (text.EndsWith(suffix, StringComparison.Ordinal))
                return Scale(text[..^suffix.Length], factor, Suffixes.Binary, ref quantity);
        if (text.Length > 0 && text[^1] is not 'E' && text.AsSpan(1).IndexOfAny('e', 'E') >= 0)
            return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var plain) && Set(plain, Suffixes.Exponent, ref quantity);
        foreach (var (suffix, factor) in DecimalUnits)
            if (suffix.Length > 0 && text.EndsWith(suffix, StringComparison.Ordinal))
                return Scale(text[..^suffix.Length], factor, Suffixes.Decimal, ref quantity);
        return Scale(text, 1m, Suffixes.Decimal, ref quantity);
    }

    private static bool Scale(string digits, decimal factor, Suffixes form, ref Quantity quantity)
    {
        const NumberStyles Digits = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (!decimal.TryParse(digits, Digits, CultureInfo.InvariantCulture, out var number) || Math.Abs(number) > decimal.MaxValue / 1e19m)
            return false;
        return Set(number * factor, form, ref quantity);
    }

    private static bool Set(decimal value, Suffixes form, ref Quantity quantity)
    {
        quantity = new(value, form);
        return true;
    }

    public override string ToString()
    {
        if (Value == 0)
            return "0";
        if (Form == Suffixes.Binary && Value == decimal.Truncate(Value))
        {
            foreach (var (suffix, factor) in BinaryUnits)
                if (Value % factor == 0)
                    return $"{Number(Value / factor)}{suffix}";
            return Number(Value);
        }
        foreach (var (suffix, factor) in DecimalUnits)
            if (Value % factor == 0)
                return Form == Suffixes.Exponent && factor > 1 ? $"{Number(Value / factor)}e{Math.Round(Math.Log10((double)factor))}" : $"{Number(Value / factor)}{suffix}";
        return Number(Value);
    }

    private static string Number(decimal value) => (value == decimal.Truncate(value) ? decimal.Truncate(value) : value).ToString("0.#########", CultureInfo.InvariantCulture);
}
