using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Keeps the numbered pods of StatefulSets, their claims and their revisions.</summary>
internal sealed class StatefulSetController(Cluster cluster) : IController
{
    private const string StatefulSets = "apps/statefulsets";
    private const string RevisionLabel = "controller-revision-hash";

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource switch
    {
        StatefulSets => [change.Object.Key],
        "/pods" => PodTemplates.OwnerOf(change, StatefulSets, "StatefulSet"),
        _ => [],
    };

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { } set)
            return null;
        var revision = $"{key.Name}-{Cluster.TemplateHash(set.Value.At("spec", "template"))}";
        if (!set.IsDeleting)
        {
            Revisions.Ensure(cluster, set, revision);
            Progress(set, revision);
        }
        WriteStatus(set, revision);
        return null;
    }

    private void Progress(StoredObject set, string revision)
    {
        var wanted = set.Value.At("spec", "replicas").AsInt(1);
        var first = set.Value.At("spec", "ordinals", "start").AsInt();
        var ordered = set.Value.StringAt("spec", "podManagementPolicy") != "Parallel";
        var pods = cluster.Controlled(set, "/pods").ToDictionary(Ordinal);
        for (var i = first; i < first + wanted; i++)
        {
            if (!pods.TryGetValue(i, out var pod))
            {
                CreatePod(set, i, revision);
                if (ordered)
                    return;
            }
            else if (ordered && (pod.IsDeleting || !Kubelet.IsReady(pod.Value)) && !IsStale(pod, revision))
                return;
        }
        if (pods.Values.Where(p => Ordinal(p) < first || Ordinal(p) >= first + wanted).OrderByDescending(Ordinal).FirstOrDefault() is { } excess)
        {
            if (!excess.IsDeleting)
                cluster.Delete(excess);
            return;
        }
        if (set.Value.StringAt("spec", "updateStrategy", "type") == "OnDelete" || pods.Values.Any(p => p.IsDeleting))
            return;
        var partition = set.Value.At("spec", "updateStrategy", "rollingUpdate", "partition").AsInt();
        if (pods.Values.Where(p => Ordinal(p) >= partition && IsStale(p, revision)).OrderByDescending(Ordinal).FirstOrDefault() is { } stale)
            cluster.Delete(stale);
    }

    private static bool IsStale(StoredObject pod, string revision) => pod.Value.StringAt("metadata", "labels", RevisionLabel) != revision;

    private static int Ordinal(StoredObject pod) =>
        int.TryParse(pod.Key.Name[(pod.Key.Name.LastIndexOf('-') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var i) ? i : -1;

    private void CreatePod(StoredObject set, int ordinal, string revision)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{set.Key.Name}-{ordinal}");
        var pod = PodTemplates.ToPod(set, set.Value.At("spec", "template"), name);
        var labels = pod.Ensure("metadata").Ensure("labels");
        labels[RevisionLabel] = revision;
        labels["statefulset.kubernetes.io/pod-name"] = name;
        labels["apps.kubernetes.io/pod-index"] = ordinal.ToString(CultureInfo.InvariantCulture);
        var spec = pod.Ensure("spec");
        spec["hostname"] = name;
        if (set.Value.StringAt("spec", "serviceName") is { Length: > 0 } subdomain)
            spec["subdomain"] = subdomain;
        foreach (var template in set.Value.ObjectsAt("spec", "volumeClaimTemplates"))
        {
            var volume = template.StringAt("metadata", "name")!;
            var claim = new ObjectKey("/persistentvolumeclaims", set.Key.Namespace, $"{volume}-{name}");
            cluster.Ensure(claim, () => new()
            {
                ["metadata"] = new JsonObject
                {
                    ["name"] = claim.Name, ["namespace"] = claim.Namespace, ["annotations"] = template.At("metadata", "annotations")?.DeepClone(),
                    ["labels"] = template.At("metadata", "labels")?.DeepClone() ?? set.Value.At("spec", "selector", "matchLabels")?.DeepClone(),
                },
                ["spec"] = template["spec"]?.DeepClone(),
            });
            var volumes = spec.EnsureArray("volumes");
            if (volumes.FirstOrDefault(v => v.StringAt("name") == volume) is { } shadowed)
                volumes.Remove(shadowed);
            volumes.Add(new JsonObject { ["name"] = volume, ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = claim.Name } });
        }
        cluster.Create(new("/pods", set.Key.Namespace, name), pod);
        cluster.Record(set, "Normal", "SuccessfulCreate", $"create Pod {name} in StatefulSet {set.Key.Name} successful", "statefulset-controller");
    }

    private void WriteStatus(StoredObject set, string revision)
    {
        var pods = cluster.Controlled(set, "/pods").Where(PodTemplates.IsActive).ToArray();
        var ready = pods.Count(p => Kubelet.IsReady(p.Value));
        var updated = pods.Count(p => !IsStale(p, revision));
        cluster.SetStatus(set.Key, status =>
        {
            status["observedGeneration"] = set.Value.At("metadata", "generation")?.DeepClone();
            status["replicas"] = pods.Length;
            Cluster.Put(status, "readyReplicas", ready);
            status["availableReplicas"] = ready;
            Cluster.Put(status, "updatedReplicas", updated);
            status["updateRevision"] = revision;
            status["collisionCount"] = 0;
            if (updated == pods.Length || status["currentRevision"] is null)
                status["currentRevision"] = revision;
            var current = status.StringAt("currentRevision");
            Cluster.Put(status, "currentReplicas", pods.Count(p => p.Value.StringAt("metadata", "labels", RevisionLabel) == current));
        });
    }
}

/// <summary>The history of templates that StatefulSets and DaemonSets keep as ControllerRevisions.</summary>
internal static class Revisions
{
    private const string Resource = "apps/controllerrevisions";

    public static void Ensure(Cluster cluster, StoredObject owner, string name)
    {
        var key = new ObjectKey(Resource, owner.Key.Namespace, name);
        var known = cluster.Controlled(owner, Resource).ToArray();
        var last = known.Select(r => r.Value["revision"].AsLong() ?? 0).DefaultIfEmpty(0).Max();
        if (cluster.Get(key) is { } existing)
        {
            if (known.Length > 1 && existing.Value["revision"].AsLong() < last)
                cluster.Modify(key, live =>
                {
                    live["revision"] = last + 1;
                    return true;
                });
            return;
        }
        var template = (JsonObject)owner.Value.At("spec", "template")!.DeepClone();
        template["$patch"] = "replace";
        cluster.Create(key, new()
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = owner.Key.Namespace, ["labels"] = owner.Value.At("spec", "selector", "matchLabels")?.DeepClone(), ["ownerReferences"] = new JsonArray(Cluster.OwnerReference(owner)) },
            ["data"] = new JsonObject { ["spec"] = new JsonObject { ["template"] = template } }, ["revision"] = last + 1,
        });
        foreach (var stale in known.OrderByDescending(r => r.Value["revision"].AsLong()).Skip(owner.Value.At("spec", "revisionHistoryLimit").AsInt(10)))
            cluster.Delete(stale);
    }
}
