using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary><see cref="IClusterApi"/> over the REST API of an API server.</summary>
internal sealed class ClusterApi : IClusterApi, IDisposable
{
    private const int PageSize = 500;
    private static readonly TimeSpan WatchLife = TimeSpan.FromMinutes(4);

    private readonly ClusterHttp _http;
    private readonly ResourceMappings _mappings;
    private readonly TimeProvider _clock;
    private readonly string? _actAs;

    public ClusterApi(ClusterConfig config, TimeProvider clock)
    {
        _http = new(config, clock);
        _clock = clock;
        _mappings = new(clock, GetAsync);
    }

    private ClusterApi(ClusterApi origin, string actAs) => (_http, _clock, _mappings, _actAs) = (origin._http, origin._clock, origin._mappings, actAs);

    public IClusterApi As(string ns, string serviceAccount) => new ClusterApi(this, $"system:serviceaccount:{ns}:{serviceAccount}");

    public async Task<string> GetVersionAsync(CancellationToken ct) =>
        (await GetAsync("/version", ct)).Text("gitVersion") ?? throw new InvalidDataException("The API server does not tell its version.");

    public Task<ResourceMapping?> FindMappingAsync(ResourceKind kind, CancellationToken ct) => _mappings.FindAsync(kind, ct);

    public async Task<KubernetesObject?> FindAsync(ObjectRef target, CancellationToken ct)
    {
        try
        {
            return await SendForObjectAsync(HttpMethod.Get, await PathAsync(target, null, ct), null, null, repeatable: true, ct);
        }
        catch (ClusterApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    public async Task<ObjectList> ListAsync(ResourceKind kind, ListScope scope, CancellationToken ct, int? limit = null)
    {
        var path = await CollectionPathAsync(kind, scope.Namespace, ct);
        var items = new List<KubernetesObject>();
        string? next = null;
        JsonNode page;
        do
        {
            var query = Query(scope).Add("limit", (limit ?? PageSize).ToString(CultureInfo.InvariantCulture)).Add("continue", next);
            page = await GetAsync(path + query, ct) ?? throw new InvalidDataException($"The API server answered a list of {kind} with nothing.");
            foreach (var item in page.Objects("items"))
            {
                // The items of a list carry neither apiVersion nor kind.
                item["apiVersion"] ??= kind.ApiVersion;
                item["kind"] ??= kind.Kind;
                items.Add(new(item));
            }
            next = page.Text("metadata", "continue");
        }
        while (limit is null && !string.IsNullOrEmpty(next));
        return new(items, page.Text("metadata", "resourceVersion") ?? "");
    }

    public async IAsyncEnumerable<WatchEvent> WatchAsync(
        ResourceKind kind, ListScope scope, string resourceVersion, [EnumeratorCancellation] CancellationToken ct)
    {
        // Watches of one process must not all end at the same moment.
        var life = WatchLife + (WatchLife * Random.Shared.NextDouble() / 2);
        var query = Query(scope)
            .Add("watch", "true").Add("allowWatchBookmarks", "true").Add("resourceVersion", resourceVersion)
            .Add("timeoutSeconds", ((int)life.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        var path = await CollectionPathAsync(kind, scope.Namespace, ct) + query;

        // A connection that died without a word would be watched for ever: give the server a little longer than it was asked for.
        using var deadline = new CancellationTokenSource(life + ClusterHttp.TryTimeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        using var response = await _http.StreamAsync(path, _actAs, either.Token);
        await using var stream = await response.Content.ReadAsStreamAsync(either.Token);
        using var lines = new StreamReader(stream, Encoding.UTF8);
        while (await ReadLineAsync(lines, ct, either.Token) is { } line)
            if (line.Length > 0)
                yield return ReadEvent(line);
    }

    public async Task<KubernetesObject> ApplyAsync(KubernetesObject desired, WriteOptions options, CancellationToken ct)
    {
        var path = await PathAsync(desired.Ref, options.Subresource, ct) + Query(options).Add("force", options.Force ? "true" : "false");
        var applied = await SendForObjectAsync(HttpMethod.Patch, path, desired.Json, "application/apply-patch+yaml", repeatable: true, ct);
        if (desired.Kind == ResourceKind.CustomResourceDefinition)
            _mappings.Forget();
        return applied;
    }

    public async Task<KubernetesObject> CreateAsync(KubernetesObject desired, WriteOptions options, CancellationToken ct) =>
        await SendForObjectAsync(HttpMethod.Post, await CollectionPathAsync(desired.Kind, desired.Namespace, ct) + Query(options), desired.Json,
            "application/json", repeatable: false, ct);

    public async Task<KubernetesObject> UpdateAsync(KubernetesObject desired, WriteOptions options, CancellationToken ct) =>
        await SendForObjectAsync(HttpMethod.Put, await PathAsync(desired.Ref, options.Subresource, ct) + Query(options), desired.Json,
            "application/json", repeatable: false, ct);

    public async Task<KubernetesObject> PatchAsync(ObjectRef target, PatchType type, JsonNode patch, WriteOptions options, CancellationToken ct) =>
        await SendForObjectAsync(HttpMethod.Patch, await PathAsync(target, options.Subresource, ct) + Query(options), patch,
            type == PatchType.Merge ? "application/merge-patch+json" : "application/json-patch+json", repeatable: type == PatchType.Merge, ct);

    public async Task DeleteAsync(ObjectRef target, DeleteOptions options, CancellationToken ct)
    {
        var body = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "DeleteOptions",
            ["propagationPolicy"] = options.Propagation.ToString(),
        };
        if (options.Uid is not null)
            body["preconditions"] = new JsonObject { ["uid"] = options.Uid };
        try
        {
            await SendAsync(HttpMethod.Delete, await PathAsync(target, null, ct), body, "application/json", repeatable: true, ct);
        }
        catch (ClusterApiException e) when (e.IsNotFound)
        {
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> PathAsync(ObjectRef target, string? subresource, CancellationToken ct) =>
        $"{await CollectionPathAsync(target.Kind, target.Namespace, ct)}/{Uri.EscapeDataString(target.Name)}{(subresource is null ? "" : "/" + subresource)}";

    private async Task<string> CollectionPathAsync(ResourceKind kind, string? ns, CancellationToken ct)
    {
        var mapping = await _mappings.FindAsync(kind, ct)
            ?? throw new ClusterApiException(HttpStatusCode.NotFound, "KindNotServed", $"The cluster does not serve {kind}. Install what defines it first.");
        return mapping.Namespaced && ns is not null
            ? $"{mapping.BasePath}/namespaces/{Uri.EscapeDataString(ns)}/{mapping.Plural}"
            : $"{mapping.BasePath}/{mapping.Plural}";
    }

    private static QueryText Query(ListScope scope) =>
        new QueryText().Add("labelSelector", scope.LabelSelector).Add("fieldSelector", scope.FieldSelector);

    private static QueryText Query(WriteOptions options) =>
        new QueryText().Add("fieldManager", options.Manager).Add("fieldValidation", "Strict").Add("dryRun", options.DryRun ? "All" : null);

    private Task<JsonNode?> GetAsync(string path, CancellationToken ct) => SendAsync(HttpMethod.Get, path, null, null, repeatable: true, ct);

    private Task<JsonNode?> SendAsync(HttpMethod method, string path, JsonNode? body, string? contentType, bool repeatable, CancellationToken ct) =>
        _http.SendAsync(method, path, body, contentType, repeatable, _actAs, ct);

    private async Task<KubernetesObject> SendForObjectAsync(
        HttpMethod method, string path, JsonNode? body, string? contentType, bool repeatable, CancellationToken ct) =>
        await SendAsync(method, path, body, contentType, repeatable, ct) is JsonObject json
            ? new(json)
            : throw new InvalidDataException($"The API server answered {method} {path} with something that is no object.");

    private static async Task<string?> ReadLineAsync(StreamReader lines, CancellationToken caller, CancellationToken either)
    {
        try
        {
            return await lines.ReadLineAsync(either);
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return null;
        }
        catch (IOException) when (!caller.IsCancellationRequested)
        {
            // The connection broke; going on from the last version seen is what the reader does anyway.
            return null;
        }
    }

    private static WatchEvent ReadEvent(string line)
    {
        var json = JsonNode.Parse(line);
        var @object = json.At("object") as JsonObject ?? throw new InvalidDataException("The API server sent a watch event without an object.");
        return json.Text("type") switch
        {
            "ADDED" => new(WatchEventType.Added, new(@object)),
            "MODIFIED" => new(WatchEventType.Modified, new(@object)),
            "DELETED" => new(WatchEventType.Deleted, new(@object)),
            "BOOKMARK" => new(WatchEventType.Bookmark, new(@object)),
            "ERROR" => throw ClusterApiException.From(HttpStatusCode.InternalServerError, @object, null),
            var other => throw new InvalidDataException($"The API server sent a watch event of the unknown type \"{other}\"."),
        };
    }

    /// <summary>A query string; parameters without a value are left out.</summary>
    private sealed class QueryText
    {
        private readonly StringBuilder _text = new();

        public QueryText Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                _text.Append(_text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            return this;
        }

        public override string ToString() => _text.ToString();
    }
}
