using System.Text.Json.Nodes;

namespace CodeZero.DevCluster.Api.Patches;

/// <summary>JSON Merge Patch, RFC 7386.</summary>
internal static class MergePatch
{
    public static JsonObject Apply(JsonObject target, JsonNode? patch) =>
        patch is JsonObject p ? Merge(target, p) : throw StatusException.BadRequest("a merge patch must be an object");

    private static JsonObject Merge(JsonNode? target, JsonObject patch)
    {
        var result = target is JsonObject o ? (JsonObject)o.DeepClone() : [];
        foreach (var (name, value) in patch)
        {
            if (value is null)
                result.Remove(name);
            else
                result[name] = value is JsonObject inner ? Merge(result[name], inner) : value.DeepClone();
        }
        return result;
    }
}
