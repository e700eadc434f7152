using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Keeps one pod of each DaemonSet on the one node.</summary>
internal sealed class DaemonSetController(Cluster cluster) : IController
{
    private const string DaemonSets = "apps/daemonsets";
    private const string RevisionLabel = "controller-revision-hash";

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource switch
    {
        DaemonSets => [change.Object.Key],
        "/pods" => PodTemplates.OwnerOf(change, DaemonSets, "DaemonSet"),
        _ => [],
    };

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { } set)
            return null;
        var hash = Cluster.TemplateHash(set.Value.At("spec", "template"));
        bool Current(StoredObject pod) => pod.Value.StringAt("metadata", "labels", RevisionLabel) == hash;
        if (!set.IsDeleting)
        {
            Revisions.Ensure(cluster, set, $"{key.Name}-{hash}");
            var existing = cluster.Controlled(set, "/pods").ToArray();
            if (existing.Length == 0)
            {
                var pod = PodTemplates.ToPod(set, set.Value.At("spec", "template"), null);
                pod.Ensure("metadata").Ensure("labels")[RevisionLabel] = hash;
                var made = cluster.Create(new("/pods", key.Namespace, ""), pod);
                cluster.Record(set, "Normal", "SuccessfulCreate", $"Created pod: {made.StringAt("metadata", "name")}", "daemonset-controller");
            }
            else if (set.Value.StringAt("spec", "updateStrategy", "type") == "RollingUpdate")
                foreach (var stale in existing.Where(p => !p.IsDeleting && !Current(p)))
                    cluster.Delete(stale);
        }
        var pods = cluster.Controlled(set, "/pods").Where(PodTemplates.IsActive).ToArray();
        var ready = pods.Count(p => Kubelet.IsReady(p.Value));
        cluster.SetStatus(key, status =>
        {
            status["observedGeneration"] = set.Value.At("metadata", "generation")?.DeepClone();
            (status["currentNumberScheduled"], status["desiredNumberScheduled"], status["numberMisscheduled"], status["numberReady"]) = (pods.Length, 1, 0, ready);
            Cluster.Put(status, "numberAvailable", ready);
            Cluster.Put(status, "numberUnavailable", 1 - Math.Min(1, ready));
            Cluster.Put(status, "updatedNumberScheduled", pods.Count(Current));
        });
        return null;
    }
}
