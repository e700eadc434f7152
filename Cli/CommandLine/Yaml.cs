using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CodeZero.Cli.CommandLine;

/// <summary>JSON documents as people like to read and change them: YAML in block style. Texts that YAML could take for something else are quoted, as JSON quotes them.</summary>
internal static partial class Yaml
{
    private static readonly JsonSerializerOptions Quoted = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(JsonNode document)
    {
        var text = new StringBuilder();
        Write(text, document, "");
        return text.ToString();
    }

    /// <summary>Writes lines, of which the first is begun and already indented.</summary>
    private static void Write(StringBuilder text, JsonNode? node, string indent)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } mapping:
                foreach (var (position, (name, value)) in mapping.Index())
                {
                    text.Append(position == 0 ? "" : indent).Append(name).Append(':');
                    var nested = value is JsonObject { Count: > 0 } ? indent + "  " : indent;
                    text.Append(value is JsonObject { Count: > 0 } or JsonArray { Count: > 0 } ? "\n" + nested : " ");
                    Write(text, value, nested);
                }
                break;
            case JsonArray { Count: > 0 } items:
                foreach (var (position, item) in items.Index())
                {
                    text.Append(position == 0 ? "" : indent).Append("- ");
                    Write(text, item, indent + "  ");
                }
                break;
            default:
                text.Append(node is JsonValue scalar && scalar.TryGetValue<string>(out var word) && Plain().IsMatch(word) && !Reserved().IsMatch(word) ? word : node?.ToJsonString(Quoted) ?? "null").Append('\n');
                break;
        }
    }

    [GeneratedRegex(@"\A[A-Za-z](?:[A-Za-z0-9._/-]|:(?=[A-Za-z0-9/]))*\z")]
    private static partial Regex Plain();

    [GeneratedRegex(@"\A(?:y|yes|n|no|true|false|on|off|null)\z", RegexOptions.IgnoreCase)]
    private static partial Regex Reserved();
}
