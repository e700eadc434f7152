using System.Text;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Resources.Kinds;

/// <summary>ConfigMaps and Secrets.</summary>
internal static class ConfigRules
{
    private const int MaxBytes = 1024 * 1024;

    public static void PrepareSecret(JsonObject o)
    {
        if (o["stringData"] is not JsonObject texts)
            return;
        var data = o.Ensure("data");
        foreach (var (key, value) in texts)
            data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsString() ?? ""));
        o.Remove("stringData");
    }

    public static IEnumerable<FieldError> Validate(JsonObject o, JsonObject? before)
    {
        long bytes = 0;
        foreach (var field in new[] { "data", "binaryData" })
        {
            foreach (var (key, value) in o[field] as JsonObject ?? [])
            {
                bytes += value.AsString()?.Length ?? 0;
                if (!Names.IsConfigKey(key))
                    yield return FieldError.Invalid($"{field}[{key}]", key, Names.ConfigKeyRule);
            }
        }
        if (bytes > MaxBytes)
            yield return new("FieldValueTooLong", "data", $"Too long: may not be more than {MaxBytes} bytes");
        if (before is null)
            yield break;
        if (before.StringAt("type") != o.StringAt("type"))
            yield return FieldError.Invalid("type", o.StringAt("type"), "field is immutable");
        if (!before["immutable"].AsBool())
            yield break;
        if (!o["immutable"].AsBool())
            yield return FieldError.Forbidden("immutable", "field is immutable when `immutable` is set");
        foreach (var field in new[] { "data", "binaryData" })
            if (!JsonNode.DeepEquals(before[field], o[field]))
                yield return FieldError.Forbidden(field, "field is immutable when `immutable` is set");
    }
}
