using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Storage;

/// <summary>Where an object is kept. The resource is <c>group/plural</c>, the core group being empty (<c>/pods</c>).</summary>
internal sealed record ObjectKey(string Resource, string Namespace, string Name);

/// <summary>One version of an object. The value is shared by all readers and never changed: copy before writing.</summary>
internal sealed record StoredObject(ObjectKey Key, JsonObject Value, long ResourceVersion)
{
    public string Uid => Value.StringAt("metadata", "uid") ?? "";

    public bool IsDeleting => Value.StringAt("metadata", "deletionTimestamp") is not null;

    public IEnumerable<JsonObject> Owners => Value.ObjectsAt("metadata", "ownerReferences");

    public bool HasFinalizer(string name) => Value.At("metadata", "finalizers") is JsonArray list && list.Any(f => f.AsString() == name);

    public IEnumerable<string> Finalizers => (Value.At("metadata", "finalizers") as JsonArray)?.Select(f => f.AsString() ?? "") ?? [];
}

internal enum ChangeType { Added, Modified, Deleted, Bookmark }

/// <summary>A write as watchers see it. Of a deletion, <see cref="Object"/> is the last state under the version of the deletion.</summary>
internal sealed record StoreEvent(ChangeType Type, long ResourceVersion, StoredObject? Object, StoredObject? Previous);
