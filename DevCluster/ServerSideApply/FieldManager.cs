using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.ServerSideApply;

/// <summary>Who writes, and through which part of the API.</summary>
internal sealed record Writer(string Manager, string ApiVersion, string? Subresource = null);

/// <summary>
/// Keeps <c>metadata.managedFields</c> and carries out server-side apply (Kubernetes documentation, "Server-Side Apply").
/// Fields every client must send, and those the server sets, are nobody's.
/// </summary>
internal static class FieldManager
{
    private static readonly FieldSet Unowned = FieldSet.Of(
        ["f:apiVersion"], ["f:kind"], ["f:metadata"],
        ["f:metadata", "f:name"], ["f:metadata", "f:namespace"], ["f:metadata", "f:creationTimestamp"], ["f:metadata", "f:selfLink"], ["f:metadata", "f:uid"],
        ["f:metadata", "f:generation"], ["f:metadata", "f:managedFields"], ["f:metadata", "f:resourceVersion"], ["f:metadata", "f:deletionTimestamp"],
        ["f:metadata", "f:deletionGracePeriodSeconds"]);
    private static readonly FieldSet Status = FieldSet.Of(["f:status"]);
    private static readonly FieldSet Identity = FieldSet.Of(["f:apiVersion"], ["f:kind"], ["f:metadata", "f:name"], ["f:metadata", "f:namespace"], ["f:status"]);

    /// <summary>Records a create, update or patch: the writer now owns what it added or changed, the others lose that and what is gone.</summary>
    /// <param name="hasStatus">The kind has a status subresource, so the main resource never owns the status.</param>
    public static void Update(JsonObject? live, JsonObject after, Schema schema, Writer writer, bool hasStatus, DateTimeOffset now)
    {
        var entries = After(live, after);
        var comparison = TypedObject.Compare(WithoutManagers(live), WithoutManagers(after), schema);
        var changed = Owned(comparison.Added.Union(comparison.Modified), writer, hasStatus);
        foreach (var entry in entries)
            entry.Fields = entry.Is(writer, "Update") ? entry.Fields.Except(comparison.Removed) : entry.Fields.Except(comparison.Removed).Except(changed);
        var own = entries.Find(e => e.Is(writer, "Update"));
        if (own is null && !changed.IsEmpty)
            entries.Add(own = new(writer, "Update"));
        if (own is not null && !changed.IsEmpty)
        {
            own.Fields = own.Fields.Union(changed);
            own.Time = Timestamps.Format(now);
        }
        Write(after, entries);
    }

    /// <summary>The result of applying a configuration to the live object (null: it is to be created). Throws a conflict unless forced.</summary>
    public static JsonObject Apply(JsonObject? live, JsonObject config, Schema schema, Writer writer, bool force, bool hasStatus, DateTimeOffset now)
    {
        RefuseAmbiguousLists(config, schema, "");
        var before = WithoutManagers(live) ?? [];
        var configured = TypedObject.Fields(config, schema);
        var set = Owned(configured, writer, hasStatus);
        var entries = Read(live);
        var own = entries.Find(e => e.Is(writer, "Apply"));
        var previous = own?.Fields ?? new FieldSet();
        var others = entries.Where(e => e != own).ToArray();

        var merged = (JsonObject)TypedObject.Merge(before, config, schema)!;
        var allOwned = others.Aggregate(set.Union(configured.Within(Identity)), (sum, e) => sum.Union(e.Fields));
        TypedObject.RemoveAbandoned(merged, previous, allOwned, schema);

        var comparison = TypedObject.Compare(before, merged, schema);
        var changed = comparison.Added.Union(comparison.Modified);
        var conflicts = others.Select(e => (Entry: e, Fields: e.Fields.Intersect(changed))).Where(c => !c.Fields.IsEmpty).ToArray();
        if (conflicts.Length > 0 && !force)
            throw Conflict(conflicts.Select(c => (c.Entry, c.Fields.Paths().ToArray())).ToArray());
        foreach (var (entry, fields) in conflicts)
            entry.Fields = entry.Fields.Except(fields);
        foreach (var entry in others)
            entry.Fields = entry.Fields.Except(comparison.Removed);

        if (own is null)
            entries.Add(own = new(writer, "Apply"));
        (own.Fields, own.ApiVersion, own.Time) = (set, writer.ApiVersion, Timestamps.Format(now));
        Write(merged, entries);
        return merged;
    }

    /// <summary>Whether a write changed nothing but when it was made.</summary>
    public static bool SameButForTimes(JsonObject before, JsonObject after)
    {
        static JsonObject Timeless(JsonObject o)
        {
            var copy = o.Copy();
            foreach (var entry in copy.ObjectsAt("metadata", "managedFields"))
                entry.Remove("time");
            return copy;
        }
        return JsonNode.DeepEquals(before, after) || JsonNode.DeepEquals(Timeless(before), Timeless(after));
    }

    private static FieldSet Owned(FieldSet set, Writer writer, bool hasStatus)
    {
        var owned = set.Except(Unowned);
        return writer.Subresource switch
        {
            "status" => owned.Within(Status),
            null when hasStatus => owned.Without(Status),
            _ => owned,
        };
    }

    private static JsonObject? WithoutManagers(JsonObject? o)
    {
        if (o is null)
            return null;
        var copy = o.Copy();
        (copy["metadata"] as JsonObject)?.Remove("managedFields");
        return copy;
    }

    /// <summary>The live managers, unless the client cleared them by sending a single empty entry.</summary>
    private static List<ManagerEntry> After(JsonObject? live, JsonObject after) =>
        after.At("metadata", "managedFields") is JsonArray { Count: 1 } sent && sent[0] is JsonObject { Count: 0 } ? [] : Read(live);

    private static List<ManagerEntry> Read(JsonObject? o) => [.. o.ObjectsAt("metadata", "managedFields").Select(ManagerEntry.FromJson).OfType<ManagerEntry>()];

    private static void Write(JsonObject o, List<ManagerEntry> entries)
    {
        var metadata = o.Ensure("metadata");
        var kept = entries.Where(e => !e.Fields.IsEmpty).OrderBy(e => e.Operation, StringComparer.Ordinal).ThenBy(e => e.Time, StringComparer.Ordinal).ToArray();
        if (kept.Length == 0)
            metadata.Remove("managedFields");
        else
            metadata["managedFields"] = new JsonArray([.. kept.Select(e => (JsonNode)e.ToJson())]);
    }

    private static void RefuseAmbiguousLists(JsonNode? node, Schema schema, string path)
    {
        if (node is JsonObject o && !schema.IsLeafFor(o))
        {
            foreach (var (name, value) in o)
                RefuseAmbiguousLists(value, schema.Member(name) ?? Schema.Any, $"{path}.{name}");
        }
        else if (node is JsonArray array && !schema.IsLeafFor(array))
        {
            var seen = new HashSet<string>();
            for (var i = 0; i < array.Count; i++)
            {
                var element = FieldSet.ItemElement(array[i], schema)
                    ?? throw StatusException.BadRequest($"failed to create typed patch object: {path}: element {i}: associative list with keys has an element that omits key field \"{string.Join("\", \"", schema.Keys)}\" (and doesn't have default value)");
                if (!seen.Add(element))
                    throw StatusException.BadRequest($"failed to create typed patch object: errors:\n  {path}: duplicate entries for key [{element[2..].Trim('{', '}').Replace("\":", "\"=", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal)}]");
                RefuseAmbiguousLists(array[i], schema.Item, $"{path}[{i}]");
            }
        }
    }

    private static StatusException Conflict((ManagerEntry Entry, string[] Paths)[] conflicts)
    {
        var count = conflicts.Sum(c => c.Paths.Length);
        var ordered = conflicts.OrderBy(c => c.Entry.Describe(), StringComparer.Ordinal).ToArray();
        var message = count == 1
            ? $"Apply failed with 1 conflict: conflict with {ordered[0].Entry.Describe()}: {ordered[0].Paths[0]}"
            : $"Apply failed with {count} conflicts: " + string.Join('\n', ordered.Select(c => $"conflicts with {c.Entry.Describe()}:\n{string.Join('\n', c.Paths.Select(p => $"- {p}"))}"));
        var causes = ordered.SelectMany(c => c.Paths.Select(p =>
            (JsonNode)new JsonObject { ["reason"] = "FieldManagerConflict", ["message"] = $"conflict with {c.Entry.Describe()}", ["field"] = p }));
        return new(409, "Conflict", message, new() { ["causes"] = new JsonArray([.. causes]) });
    }

    private sealed class ManagerEntry(Writer writer, string operation)
    {
        public string Operation { get; } = operation;
        public string ApiVersion { get; set; } = writer.ApiVersion;
        public string? Time { get; set; }
        public FieldSet Fields { get; set; } = new();

        public bool Is(Writer other, string otherOperation) =>
            Operation == otherOperation && writer.Manager == other.Manager && (writer.Subresource ?? "") == (other.Subresource ?? "")
            && (Operation == "Apply" || ApiVersion == other.ApiVersion);

        public string Describe()
        {
            var text = System.Text.Json.JsonSerializer.Serialize(writer.Manager, JsonText.Relaxed);
            if (writer.Subresource is { } subresource)
                text += $" with subresource \"{subresource}\"";
            return Operation == "Update" ? $"{text} using {ApiVersion}" : text;
        }

        public static ManagerEntry? FromJson(JsonObject json) =>
            json["operation"].AsString() is not ("Apply" or "Update") ? null
            : new(new(json["manager"].AsString() ?? "", json["apiVersion"].AsString() ?? "", json["subresource"].AsString() is { Length: > 0 } s ? s : null), json["operation"].AsString()!)
            {
                Time = json["time"].AsString(),
                Fields = FieldSet.FromJson(json["fieldsV1"] as JsonObject),
            };

        public JsonObject ToJson()
        {
            var json = new JsonObject { ["manager"] = writer.Manager, ["operation"] = Operation, ["apiVersion"] = ApiVersion };
            if (Time is not null)
                json["time"] = Time;
            json["fieldsType"] = "FieldsV1";
            json["fieldsV1"] = Fields.ToJson();
            if (writer.Subresource is { } subresource)
                json["subresource"] = subresource;
            return json;
        }
    }
}
