using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Api;

/// <summary>Watches: a stream of events, one JSON object a line (Kubernetes API concepts, "Efficient detection of changes").</summary>
internal sealed class WatchEndpoint(ResourceService service, TableWriter tables, DevClusterOptions options, TimeProvider clock)
{
    private const string InitialEventsEnd = "k8s.io/initial-events-end";
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(30);

    public async Task HandleAsync(HttpContext http, Target target)
    {
        var query = http.Request.Query;
        var selection = Selection.Of(http.Request, target);
        if (target.Name.Length > 0)
            selection = selection with { Fields = FieldSelector.Parse($"metadata.name={target.Name}", []) };
        var bookmarks = query["allowWatchBookmarks"].FirstOrDefault() is "true" or "1";
        var initial = query["sendInitialEvents"].FirstOrDefault();
        if (initial is "true" && query["resourceVersionMatch"].FirstOrDefault() != "NotOlderThan")
            throw StatusException.Invalid("meta.k8s.io", "ListOptions", "", [FieldError.Forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")]);
        var version = query["resourceVersion"].FirstOrDefault();
        var fromNow = string.IsNullOrEmpty(version) || version == "0" || initial is "true";
        var stream = new Stream(http, target, selection, tables);

        ObjectStore.Watcher watcher;
        List<StoredObject> present = [];
        long after = 0;
        if (fromNow)
        {
            (var objects, after) = service.Store.ListAndWatch(target.Type.StorageName, out watcher);
            if (initial is not "false")
                present.AddRange(objects.Values);
        }
        else if (!long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out after))
            throw StatusException.BadRequest($"invalid resourceVersion: {version}");
        else if (!service.Store.TryWatch(target.Type.StorageName, after, out watcher))
        {
            watcher.Dispose();
            await stream.StartAsync();
            await stream.WriteAsync("ERROR", StatusException.Expired($"too old resource version: {after} ({service.Store.ResourceVersion})").ToStatus());
            return;
        }

        using (watcher)
        {
            await stream.StartAsync();
            foreach (var stored in present)
                await stream.WriteAsync(new(ChangeType.Added, stored.ResourceVersion, stored, null));
            if (initial is "true" && bookmarks)
                await stream.BookmarkAsync(after, new() { [InitialEventsEnd] = "true" });
            await stream.FlushAsync();
            await FollowAsync(http, stream, watcher, bookmarks);
        }
    }

    private async Task FollowAsync(HttpContext http, Stream stream, ObjectStore.Watcher watcher, bool bookmarks)
    {
        var seconds = int.TryParse(http.Request.Query["timeoutSeconds"].FirstOrDefault(), CultureInfo.InvariantCulture, out var s) && s > 0 ? TimeSpan.FromSeconds(s) : DefaultTimeout;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, options.Stopping);
        using var end = new CancellationTokenSource(seconds, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, end.Token);
        await using var timer = bookmarks ? clock.CreateTimer(_ => service.Store.OfferBookmark(watcher), null, options.BookmarkInterval, options.BookmarkInterval) : null;
        try
        {
            while (await watcher.Events.WaitToReadAsync(both.Token))
            {
                while (watcher.Events.TryRead(out var change))
                    if (change.Type == ChangeType.Bookmark)
                        await stream.BookmarkAsync(change.ResourceVersion, []);
                    else
                        await stream.WriteAsync(change);
                await stream.FlushAsync();
            }
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            // The watch has lasted as long as it was to: it ends like any response.
        }
    }

    private sealed class Stream(HttpContext http, Target target, Selection selection, TableWriter tables)
    {
        private readonly Representation representation = Representation.Of(http.Request);
        private bool columnsSent;

        public Task StartAsync()
        {
            http.Response.ContentType = "application/json;stream=watch";
            return http.Response.StartAsync(http.RequestAborted);
        }

        public Task FlushAsync() => http.Response.Body.FlushAsync(http.RequestAborted);

        /// <summary>Writes the event as it looks through the selection: an object that comes to match is added, one that ceases to match is deleted.</summary>
        public async Task WriteAsync(StoreEvent change)
        {
            var now = In(change.Object!);
            var matches = selection.Matches(now);
            var matched = change.Previous is not null && change.Type != ChangeType.Added && selection.Matches(In(change.Previous));
            if (change.Type == ChangeType.Deleted)
                matches |= matched;
            var type = (change.Type, matches, matched) switch
            {
                (ChangeType.Deleted, true, _) => "DELETED",
                (ChangeType.Added, true, _) or (_, true, false) => "ADDED",
                (_, true, true) => "MODIFIED",
                (_, false, true) => "DELETED",
                _ => null,
            };
            if (type is not null)
                await WriteAsync(type, Represent(now));
        }

        public Task BookmarkAsync(long version, JsonObject annotations)
        {
            var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) };
            if (annotations.Count > 0)
                metadata["annotations"] = annotations;
            var o = new JsonObject { ["kind"] = target.Type.Kind, ["apiVersion"] = target.ApiVersion, ["metadata"] = metadata };
            return WriteAsync("BOOKMARK", representation.IsTable ? TableWriter.Bookmark(o) : representation.IsMetadata ? TableWriter.PartialMetadata(o) : o);
        }

        private JsonObject In(StoredObject stored) => VersionConversion.FromStorage(stored.Value, target.Type, target.Version.Name);

        private JsonObject Represent(JsonObject o)
        {
            if (representation.IsMetadata)
                return TableWriter.PartialMetadata(o);
            if (!representation.IsTable)
                return o;
            var table = tables.Write([o], target.Version, http.Request.Query["includeObject"].FirstOrDefault(), o.StringAt("metadata", "resourceVersion"));
            if (columnsSent)
                table["columnDefinitions"] = new JsonArray();
            columnsSent = true;
            return table;
        }

        public async Task WriteAsync(string type, JsonObject o)
        {
            using var line = new MemoryStream();
            await using (var writer = new Utf8JsonWriter(line, new() { Encoder = JsonText.Relaxed.Encoder }))
            {
                writer.WriteStartObject();
                writer.WriteString("type", type);
                writer.WritePropertyName("object");
                o.WriteTo(writer);
                writer.WriteEndObject();
            }
            line.WriteByte((byte)'\n');
            line.Position = 0;
            await line.CopyToAsync(http.Response.Body, http.RequestAborted);
        }
    }
}
