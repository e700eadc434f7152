using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Removes events after an hour.</summary>
internal sealed class EventExpiry(Cluster cluster) : IController
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource == "/events" && change.Type != ChangeType.Deleted ? [change.Object.Key] : [];

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { } e)
            return null;
        var created = e.Value.At("metadata", "creationTimestamp").AsTime() ?? cluster.Now;
        var last = e.Value["lastTimestamp"].AsTime() is { } counted && counted > created ? counted : created;
        var left = last + Lifetime - cluster.Now;
        if (left > TimeSpan.Zero)
            return left;
        cluster.Delete(e);
        return null;
    }
}
