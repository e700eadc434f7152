using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api.Patches;

/// <summary>JSON Patch, RFC 6902. A patch that does not fit the object is a 422, a malformed one a 400.</summary>
internal static class JsonPatch
{
    private const int MaxOperations = 10_000;

    public static JsonObject Apply(JsonObject target, JsonNode? patch)
    {
        if (patch is not JsonArray operations)
            throw StatusException.BadRequest("a JSON patch must be an array of operations");
        if (operations.Count > MaxOperations)
            throw new StatusException(413, "RequestEntityTooLarge", $"The allowed maximum operations in a JSON patch is {MaxOperations}, got {operations.Count}");
        JsonNode? root = target.Copy();
        foreach (var operation in operations)
        {
            if (operation is not JsonObject o || o.StringAt("op") is not { } op || o.StringAt("path") is not { } path)
                throw StatusException.BadRequest("every operation of a JSON patch needs \"op\" and \"path\"");
            var value = o["value"]?.DeepClone();
            root = op switch
            {
                "add" => Add(root, path, value),
                "replace" => Replace(root, path, value),
                "remove" => Remove(root, path),
                "move" => Move(root, From(o), path),
                "copy" => Add(root, path, Find(root, From(o))?.DeepClone()),
                "test" => JsonNode.DeepEquals(Find(root, path), value) ? root : throw Unfit($"testing value {path} failed"),
                _ => throw Unfit($"unknown operation \"{op}\""),
            };
        }
        return root as JsonObject ?? throw Unfit("the result is not an object");
    }

    private static string From(JsonObject operation) => operation.StringAt("from") ?? throw StatusException.BadRequest("the operation needs \"from\"");

    private static string[] Pointer(string path) =>
        path.Length == 0 ? []
        : path[0] == '/' ? [.. path[1..].Split('/').Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))]
        : throw StatusException.BadRequest($"\"{path}\" is no JSON pointer");

    private static JsonNode? Find(JsonNode? root, string path)
    {
        foreach (var step in Pointer(path))
            root = root switch
            {
                JsonObject o when o.TryGetPropertyValue(step, out var child) => child,
                JsonArray a when Index(step, a.Count - 1) is { } i => a[i],
                _ => throw Missing(path),
            };
        return root;
    }

    private static (JsonNode? Parent, string Last) Parent(JsonNode? root, string path) =>
        (Find(root, path[..Math.Max(path.LastIndexOf('/'), 0)]), Pointer(path)[^1]);

    private static JsonNode? Add(JsonNode? root, string path, JsonNode? value)
    {
        if (path.Length == 0)
            return value;
        switch (Parent(root, path))
        {
            case (JsonObject o, var name):
                o[name] = value;
                return root;
            case (JsonArray a, "-"):
                a.Add(value);
                return root;
            case (JsonArray a, var step) when Index(step, a.Count) is { } i:
                a.Insert(i, value);
                return root;
            default:
                throw Missing(path);
        }
    }

    private static JsonNode? Move(JsonNode? root, string from, string path)
    {
        var value = Find(root, from)?.DeepClone();
        return Add(Remove(root, from), path, value);
    }

    private static JsonNode? Replace(JsonNode? root, string path, JsonNode? value)
    {
        if (path.Length == 0)
            return value;
        Find(root, path);
        switch (Parent(root, path))
        {
            case (JsonObject o, var name):
                o[name] = value;
                break;
            case (JsonArray a, var step):
                a[Index(step, a.Count - 1)!.Value] = value;
                break;
        }
        return root;
    }

    private static JsonNode? Remove(JsonNode? root, string path)
    {
        if (path.Length == 0)
            return null;
        switch (Parent(root, path))
        {
            case (JsonObject o, var name) when o.Remove(name):
                return root;
            case (JsonArray a, var step) when Index(step, a.Count - 1) is { } i:
                a.RemoveAt(i);
                return root;
            default:
                throw Missing(path);
        }
    }

    private static int? Index(string step, int max) =>
        int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i <= max ? i : null;

    private static StatusException Missing(string path) => Unfit($"path \"{path}\" does not exist");

    private static StatusException Unfit(string why) => new(422, "Invalid", $"the server rejected our request due to an error in our request: {why}");
}
