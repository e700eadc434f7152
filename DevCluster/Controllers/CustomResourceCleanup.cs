using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Deletes the objects of a deleted definition before the definition itself goes.</summary>
internal sealed class CustomResourceCleanup(Cluster cluster) : IController
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource == CustomResources.StorageName && change.Object.IsDeleting ? [change.Object.Key] : [];

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { IsDeleting: true } definition || !definition.HasFinalizer(CustomResources.CleanupFinalizer))
            return null;
        var resource = ResourceType.StorageNameOf(definition.Value.StringAt("spec", "group")!, definition.Value.StringAt("spec", "names", "plural")!);
        foreach (var o in cluster.Store.List(resource).Where(o => !o.IsDeleting).ToArray())
            cluster.Delete(o);
        if (cluster.Store.List(resource).Any())
            return Poll;
        cluster.Modify(key, live => GarbageCollector.RemoveFinalizer(live, CustomResources.CleanupFinalizer));
        return null;
    }
}
