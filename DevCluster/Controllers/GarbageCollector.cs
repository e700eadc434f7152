using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Collects objects whose owners are gone, and carries out foreground deletion and orphaning (Kubernetes documentation, "Garbage Collection").</summary>
internal sealed class GarbageCollector(Cluster cluster) : IController
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    public IEnumerable<ObjectKey> Touched(StoreEvent change)
    {
        var o = change.Object!;
        if (change.Type == ChangeType.Deleted)
            return cluster.Store.Dependents(o.Uid).Select(d => d.Key).Concat(WaitingOwners(o));
        if (o.IsDeleting)
            return WaitingOwners(o).Append(o.Key);
        return o.Owners.Any() ? [o.Key] : [];
    }

    private IEnumerable<ObjectKey> WaitingOwners(StoredObject o) =>
        o.Owners.Select(r => cluster.Store.FindByUid(r.StringAt("uid") ?? "")).OfType<StoredObject>().Where(owner => owner.IsDeleting).Select(owner => owner.Key);

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { } o)
            return null;
        if (o.IsDeleting)
        {
            if (o.HasFinalizer(Deletion.OrphanFinalizer))
                Orphan(o);
            else if (o.HasFinalizer(Deletion.ForegroundFinalizer))
                return DeleteForeground(o);
            return null;
        }
        Collect(o);
        return null;
    }

    private void Collect(StoredObject o)
    {
        var owners = o.Owners.ToArray();
        if (owners.Length == 0)
            return;
        var present = owners.Where(r => Owner(o, r) is not null).ToArray();
        if (present.Length == 0)
        {
            cluster.Delete(o, new(Propagation: o.HasFinalizer(Deletion.OrphanFinalizer) ? Propagation.Orphan : Propagation.Background));
            return;
        }
        // An owner waiting in the foreground for this object counts as gone once another, lasting owner holds it.
        var solid = present.Where(r => Owner(o, r) is { } owner && !(owner.IsDeleting && owner.HasFinalizer(Deletion.ForegroundFinalizer))).ToArray();
        if (solid.Length == 0)
            cluster.Delete(o, new(Propagation: Propagation.Foreground));
        else if (solid.Length < owners.Length)
            KeepOwners(o, [.. solid.Select(r => r.StringAt("uid") ?? "")]);
    }

    /// <summary>The owner, when it exists where owners of this object may be: in its namespace or in none.</summary>
    private StoredObject? Owner(StoredObject o, JsonObject reference) =>
        cluster.Store.FindByUid(reference.StringAt("uid") ?? "") is { } owner && (owner.Key.Namespace.Length == 0 || owner.Key.Namespace == o.Key.Namespace)
        && owner.Key.Name == reference.StringAt("name") && owner.Value.StringAt("kind") == reference.StringAt("kind") ? owner : null;

    private void KeepOwners(StoredObject o, HashSet<string> uids) => cluster.Modify(o.Key, live =>
    {
        if (live.At("metadata", "ownerReferences") is not JsonArray references)
            return false;
        live.Ensure("metadata")["ownerReferences"] = new JsonArray([.. references.Where(r => uids.Contains(r.StringAt("uid") ?? "")).Select(r => r!.DeepClone())]);
        return true;
    });

    private void Orphan(StoredObject owner)
    {
        foreach (var dependent in cluster.Store.Dependents(owner.Uid).ToArray())
            KeepOwners(dependent, [.. dependent.Owners.Select(r => r.StringAt("uid") ?? "").Where(uid => uid != owner.Uid)]);
        RemoveFinalizer(owner, Deletion.OrphanFinalizer);
    }

    private TimeSpan? DeleteForeground(StoredObject owner)
    {
        var dependents = cluster.Store.Dependents(owner.Uid).ToArray();
        foreach (var dependent in dependents.Where(d => !d.IsDeleting))
            Collect(dependent);
        var blocking = cluster.Store.Dependents(owner.Uid).Any(d => d.Owners.Any(r => r.StringAt("uid") == owner.Uid && r["blockOwnerDeletion"].AsBool()));
        if (blocking)
            return Poll;
        RemoveFinalizer(owner, Deletion.ForegroundFinalizer);
        return null;
    }

    private void RemoveFinalizer(StoredObject o, string name) => cluster.Modify(o.Key, live => RemoveFinalizer(live, name));

    public static bool RemoveFinalizer(JsonObject o, string name)
    {
        if (o.At("metadata", "finalizers") is not JsonArray finalizers || finalizers.FirstOrDefault(f => f.AsString() == name) is not { } found)
            return false;
        return finalizers.Remove(found);
    }
}
