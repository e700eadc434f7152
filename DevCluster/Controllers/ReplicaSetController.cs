using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Keeps the asked number of pods for each ReplicaSet; adopts matching pods without controller.</summary>
internal sealed class ReplicaSetController(Cluster cluster) : IController
{
    public const string ReplicaSets = "apps/replicasets";

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource switch
    {
        ReplicaSets => [change.Object.Key],
        "/pods" => PodTemplates.OwnerOf(change, ReplicaSets, "ReplicaSet"),
        _ => [],
    };

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { } set)
            return null;
        if (!set.IsDeleting)
        {
            PodTemplates.Adopt(cluster, set, "/pods");
            Scale(set);
        }
        WriteStatus(set);
        return null;
    }

    private StoredObject[] Pods(StoredObject set) => [.. cluster.Controlled(set, "/pods").Where(PodTemplates.IsActive)];

    private void Scale(StoredObject set)
    {
        var pods = Pods(set);
        var wanted = set.Value.At("spec", "replicas").AsInt(1);
        for (var i = pods.Length; i < wanted; i++)
        {
            var pod = cluster.Create(new("/pods", set.Key.Namespace, ""), PodTemplates.ToPod(set, set.Value.At("spec", "template"), null));
            cluster.Record(set, "Normal", "SuccessfulCreate", $"Created pod: {pod.StringAt("metadata", "name")}", "replicaset-controller");
        }
        // Those that are not ready go first, then the youngest.
        foreach (var pod in pods.OrderBy(p => Kubelet.IsReady(p.Value)).ThenByDescending(p => p.Uid, StringComparer.Ordinal).Take(Math.Max(0, pods.Length - wanted)))
        {
            cluster.Delete(pod);
            cluster.Record(set, "Normal", "SuccessfulDelete", $"Deleted pod: {pod.Key.Name}", "replicaset-controller");
        }
    }

    private void WriteStatus(StoredObject set)
    {
        var pods = Pods(set);
        var ready = pods.Count(p => Kubelet.IsReady(p.Value));
        cluster.SetStatus(set.Key, status =>
        {
            status["replicas"] = pods.Length;
            Cluster.Put(status, "fullyLabeledReplicas", pods.Length);
            Cluster.Put(status, "readyReplicas", ready);
            Cluster.Put(status, "availableReplicas", ready);
            status["observedGeneration"] = set.Value.At("metadata", "generation")?.DeepClone();
        });
    }
}
