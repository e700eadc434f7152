using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Api;

/// <summary>What a list or watch selects.</summary>
internal sealed record Selection(string Namespace, LabelSelector Labels, FieldSelector Fields)
{
    public static Selection Of(HttpRequest request, Target target)
    {
        var fields = FieldSelector.Parse(request.Query["fieldSelector"], target.Version.SelectableFields);
        return new(target.Namespace, LabelSelector.Parse(request.Query["labelSelector"]), fields);
    }

    /// <param name="o">The object in the version that is asked for.</param>
    public bool Matches(JsonObject o) =>
        (Namespace.Length == 0 || o.StringAt("metadata", "namespace") == Namespace) && Labels.Matches(o.At("metadata", "labels") as JsonObject) && Fields.Matches(o);
}

/// <summary>GET and DELETE on collections. Pages of one list all come from the same snapshot.</summary>
internal sealed class ListEndpoint(ResourceService service, TableWriter tables)
{
    private const int KeptSnapshots = 64;
    private readonly ConcurrentDictionary<(string Resource, long Version), IReadOnlyDictionary<(string Namespace, string Name), StoredObject>> snapshots = new();
    private readonly ConcurrentQueue<(string Resource, long Version)> snapshotAge = new();

    public async Task HandleAsync(HttpContext http, Target target)
    {
        var selection = Selection.Of(http.Request, target);
        if (target.Name.Length > 0)
            throw StatusException.MethodNotAllowed();
        var query = http.Request.Query;
        var (objects, version, after) = Start(target, query["continue"].FirstOrDefault());
        CheckVersion(query, version);
        var limit = int.TryParse(query["limit"].FirstOrDefault(), CultureInfo.InvariantCulture, out var l) && l > 0 ? l : int.MaxValue;

        var page = new List<JsonObject>();
        (string Namespace, string Name)? last = null;
        var remaining = 0;
        foreach (var (key, stored) in objects)
        {
            if (after is { } from && Compare(key, from) <= 0)
                continue;
            var o = VersionConversion.FromStorage(stored.Value, target.Type, target.Version.Name);
            if (!selection.Matches(o))
                continue;
            if (page.Count < limit)
            {
                page.Add(o);
                last = key;
            }
            else
                remaining++;
        }
        var token = remaining > 0 ? Continue(target.Type.StorageName, version, objects, last!.Value) : null;
        await WriteAsync(http, target, page, version, token, remaining);
    }

    private (IReadOnlyDictionary<(string Namespace, string Name), StoredObject> Objects, long Version, (string Namespace, string Name)? After) Start(Target target, string? token)
    {
        if (string.IsNullOrEmpty(token))
        {
            var (objects, version) = service.Store.Snapshot(target.Type.StorageName);
            return (objects, version, null);
        }
        try
        {
            var parts = Encoding.UTF8.GetString(Convert.FromBase64String(token)).Split('\n');
            if (parts is [var rv, var ns, var name] && long.TryParse(rv, CultureInfo.InvariantCulture, out var version))
                return snapshots.TryGetValue((target.Type.StorageName, version), out var objects) ? (objects, version, (ns, name))
                    : throw StatusException.Expired("The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.");
        }
        catch (FormatException)
        {
        }
        throw StatusException.BadRequest("continue key is not valid");
    }

    private string Continue(string resource, long version, IReadOnlyDictionary<(string Namespace, string Name), StoredObject> objects, (string Namespace, string Name) last)
    {
        if (snapshots.TryAdd((resource, version), objects))
        {
            snapshotAge.Enqueue((resource, version));
            while (snapshotAge.Count > KeptSnapshots && snapshotAge.TryDequeue(out var oldest))
                snapshots.TryRemove(oldest, out _);
        }
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{version}\n{last.Namespace}\n{last.Name}")));
    }

    /// <summary>Only the present state is kept: an exact older version is gone, a future one not yet there.</summary>
    private static void CheckVersion(IQueryCollection query, long version)
    {
        if (query["resourceVersionMatch"].FirstOrDefault() is { Length: > 0 } match)
        {
            if (match is not ("Exact" or "NotOlderThan"))
                throw StatusException.Invalid("meta.k8s.io", "ListOptions", "", [FieldError.NotSupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""])]);
            if (string.IsNullOrEmpty(query["resourceVersion"]))
                throw StatusException.Invalid("meta.k8s.io", "ListOptions", "", [FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided")]);
        }
        if (query["resourceVersion"].FirstOrDefault() is not { Length: > 0 } text || !string.IsNullOrEmpty(query["continue"]))
            return;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var asked))
            throw StatusException.BadRequest($"invalid resourceVersion: {text}");
        if (asked > version)
            throw new StatusException(504, "Timeout", $"Too large resource version: {asked}, current: {version}", new() { ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }), ["retryAfterSeconds"] = 1 }) { RetryAfterSeconds = 1 };
        if (query["resourceVersionMatch"].FirstOrDefault() == "Exact" && asked != version)
            throw StatusException.Expired($"The resourceVersion for the provided list is too old.");
    }

    private static int Compare((string Namespace, string Name) a, (string Namespace, string Name) b) =>
        string.CompareOrdinal(a.Namespace, b.Namespace) is not 0 and var c ? c : string.CompareOrdinal(a.Name, b.Name);

    private async Task WriteAsync(HttpContext http, Target target, List<JsonObject> page, long version, string? token, int remaining)
    {
        var representation = Representation.Of(http.Request);
        var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) };
        if (token is not null)
            (metadata["continue"], metadata["remainingItemCount"]) = (token, remaining);
        if (representation.IsTable)
        {
            var table = tables.Write(page, target.Version, http.Request.Query["includeObject"].FirstOrDefault(), null);
            table["metadata"] = metadata;
            await Http.WriteAsync(http.Response, 200, table, representation.IsYaml);
            return;
        }
        var (kind, apiVersion) = representation.IsMetadata ? ("PartialObjectMetadataList", "meta.k8s.io/v1") : (target.Type.ListKind, target.ApiVersion);
        if (representation.IsYaml)
        {
            var list = new JsonObject { ["kind"] = kind, ["apiVersion"] = apiVersion, ["metadata"] = metadata, ["items"] = new JsonArray([.. page.Select(o => o.DeepClone())]) };
            await Http.WriteAsync(http.Response, 200, list, yaml: true);
            return;
        }
        http.Response.ContentType = "application/json";
        using var buffer = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(buffer, new() { Encoder = JsonText.Relaxed.Encoder }))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", kind);
            writer.WriteString("apiVersion", apiVersion);
            writer.WritePropertyName("metadata");
            metadata.WriteTo(writer);
            writer.WriteStartArray("items");
            foreach (var o in page)
                (representation.IsMetadata ? TableWriter.PartialMetadata(o) : o).WriteTo(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        http.Response.ContentLength = buffer.Length;
        buffer.Position = 0;
        await buffer.CopyToAsync(http.Response.Body, http.RequestAborted);
    }

    /// <summary>Deletes every selected object.</summary>
    public async Task DeleteAsync(HttpContext http, Target target, DeleteOptions options, bool dryRun)
    {
        var selection = Selection.Of(http.Request, target);
        var deleted = new JsonArray();
        foreach (var stored in service.Store.List(target.Type.StorageName, target.Type.Namespaced ? target.Namespace : null))
        {
            var o = VersionConversion.FromStorage(stored.Value, target.Type, target.Version.Name);
            if (!selection.Matches(o))
                continue;
            try
            {
                deleted.Add(service.Delete(target with { Name = stored.Key.Name }, options, dryRun).Object.DeepClone());
            }
            catch (StatusException e) when (e.Code == 404)
            {
                // Gone in the meantime, as asked.
            }
        }
        var list = new JsonObject
        {
            ["kind"] = target.Type.ListKind, ["apiVersion"] = target.ApiVersion,
            ["metadata"] = new JsonObject { ["resourceVersion"] = service.Store.ResourceVersion.ToString(CultureInfo.InvariantCulture) }, ["items"] = deleted,
        };
        await Http.WriteAsync(http.Response, 200, list, Representation.Of(http.Request).IsYaml);
    }
}
