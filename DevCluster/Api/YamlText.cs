using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CodeZero.DevCluster.Api;

/// <summary>Reads YAML with the scalars of the YAML 1.2 core schema, and writes it. Aliases are expanded within limits.</summary>
internal static partial class YamlText
{
    private const int MaxNodes = 500_000;

    /// <summary>Parses the first document, as the API server does, which reads no further; a syntax error, a duplicate key or excess in it is a 400.</summary>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return new Reader(Encoding.UTF8.GetString(utf8)).Read();
        }
        catch (YamlException e)
        {
            throw StatusException.BadRequest($"error parsing YAML: line {e.Start.Line}, column {e.Start.Column}: {e.Message}");
        }
    }

    private sealed class Reader(string text)
    {
        private readonly Parser parser = new Parser(new StringReader(text));
        private readonly Dictionary<AnchorName, JsonNode?> anchors = [];
        private int nodes;

        public JsonNode? Read()
        {
            parser.Consume<StreamStart>();
            if (parser.TryConsume<StreamEnd>(out _))
                return null;
            parser.Consume<DocumentStart>();
            return Node(0);
        }

        private JsonNode? Node(int depth)
        {
            Count(1);
            if (depth > JsonText.MaxDepth)
                throw StatusException.BadRequest($"the YAML nests deeper than {JsonText.MaxDepth}");
            switch (parser.Current)
            {
                case AnchorAlias alias:
                    parser.MoveNext();
                    if (!anchors.TryGetValue(alias.Value, out var known))
                        throw StatusException.BadRequest($"unknown YAML alias *{alias.Value}");
                    Count(Size(known));
                    return known?.DeepClone();
                case Scalar scalar:
                    parser.MoveNext();
                    return Remember(scalar.Anchor, Value(scalar));
                case SequenceStart start:
                    parser.MoveNext();
                    var array = new JsonArray();
                    while (!parser.TryConsume<SequenceEnd>(out _))
                        array.Add(Node(depth + 1));
                    return Remember(start.Anchor, array);
                case MappingStart start:
                    parser.MoveNext();
                    return Remember(start.Anchor, Mapping(depth));
                default:
                    throw StatusException.BadRequest("unexpected YAML");
            }
        }

        private JsonObject Mapping(int depth)
        {
            var mapping = new JsonObject();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = parser.Consume<Scalar>();
                var value = Node(depth + 1);
                if (!mapping.TryAdd(key.Value, value))
                    throw StatusException.BadRequest($"error parsing YAML: line {key.Start.Line}: key \"{key.Value}\" already set in map");
            }
            return mapping;
        }

        private JsonNode? Remember(AnchorName anchor, JsonNode? node)
        {
            if (!anchor.IsEmpty)
                anchors[anchor] = node?.DeepClone();
            return node;
        }

        private void Count(int more)
        {
            nodes += more;
            if (nodes > MaxNodes)
                throw StatusException.BadRequest($"the YAML expands to more than {MaxNodes} nodes");
        }

        private static int Size(JsonNode? node) => node switch
        {
            JsonObject o => 1 + o.Sum(p => Size(p.Value)),
            JsonArray a => 1 + a.Sum(Size),
            _ => 1,
        };
    }

    private static JsonNode? Value(Scalar scalar)
    {
        if (scalar.Style != ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag.Value.EndsWith(":str", StringComparison.Ordinal)))
            return scalar.Value;
        var text = scalar.Value;
        if (text is "" or "~" or "null" or "Null" or "NULL")
            return null;
        if (text is "true" or "True" or "TRUE")
            return true;
        if (text is "false" or "False" or "FALSE")
            return false;
        if (Integer().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return number;
        if (text.StartsWith("0x", StringComparison.Ordinal) && long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex))
            return hex;
        if (Octal().IsMatch(text))
            return Convert.ToInt64(text[2..], 8);
        return Float().IsMatch(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real) ? real : text;
    }

    [GeneratedRegex(@"\A[-+]?[0-9]+\z")]
    private static partial Regex Integer();

    [GeneratedRegex(@"\A0o[0-7]{1,20}\z")]
    private static partial Regex Octal();

    [GeneratedRegex(@"\A[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z")]
    private static partial Regex Float();

    /// <summary>JSON is YAML: strings are written as JSON strings, structure in block style.</summary>
    public static byte[] ToUtf8(JsonNode node)
    {
        var text = new StringBuilder();
        Write(node, 0, text, inSequence: false);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Write(JsonNode? node, int indent, StringBuilder text, bool inSequence)
    {
        var pad = new string(' ', indent);
        switch (node)
        {
            case JsonObject { Count: > 0 } o:
                var first = inSequence;
                foreach (var (name, value) in o)
                {
                    text.Append(first ? "" : pad).Append(JsonValue.Create(name)!.ToJsonString(JsonText.Relaxed)).Append(':');
                    Nested(value, indent, text);
                    first = false;
                }
                break;
            case JsonArray { Count: > 0 } a:
                foreach (var item in a)
                {
                    text.Append(pad).Append('-');
                    if (item is JsonObject { Count: > 0 })
                    {
                        text.Append(' ');
                        Write(item, indent + 2, text, inSequence: true);
                    }
                    else
                        Nested(item, indent, text);
                }
                break;
            default:
                text.Append(node?.ToJsonString(JsonText.Relaxed) ?? "null").Append('\n');
                break;
        }
    }

    private static void Nested(JsonNode? value, int indent, StringBuilder text)
    {
        text.Append(value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 } ? '\n' : ' ');
        Write(value, value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 } ? indent + 2 : 0, text, inSequence: false);
    }
}
