using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>Kubernetes' own YAML files as the JSON that the API takes.</summary>
internal static class YamlJson
{
    /// <summary>Whole numbers and booleans become what they mean; every other scalar stays the text it is.</summary>
    public static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMapping mapping => new JsonObject(mapping.Entries.Select(entry => KeyValuePair.Create(entry.Key, ToJson(entry.Value)))),
        YamlSequence sequence => new JsonArray([.. sequence.Items.Select(ToJson)]),
        YamlScalar { IsNull: true } => null,
        YamlScalar { Boolean: { } flag } => JsonValue.Create(flag),
        YamlScalar { Kind: YamlKind.WholeNumber } scalar when long.TryParse(scalar.Text, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        YamlScalar scalar => JsonValue.Create(scalar.Text),
        _ => null,
    };
}
