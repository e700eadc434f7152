using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Rolls Deployments out: a ReplicaSet per template, scaled as the strategy says, and conditions that tell how far it is.</summary>
internal sealed class DeploymentController(Cluster cluster) : IController
{
    public const string HashLabel = "pod-template-hash";
    private const string Deployments = "apps/deployments";
    private const string Revision = "deployment.kubernetes.io/revision";
    private const string Component = "deployment-controller";

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource switch
    {
        Deployments => [change.Object.Key],
        ReplicaSetController.ReplicaSets => PodTemplates.OwnerOf(change, Deployments, "Deployment"),
        "/pods" when change.Type == ChangeType.Deleted => PodTemplates.OwnerOf(change, ReplicaSetController.ReplicaSets, "ReplicaSet").Select(cluster.Get).OfType<StoredObject>()
            .SelectMany(rs => PodTemplates.OwnerOf(new(ChangeType.Modified, 0, rs, null), Deployments, "Deployment")),
        _ => [],
    };

    private sealed record Rollout(StoredObject Deployment, int Wanted, StoredObject? New, StoredObject[] Old)
    {
        public IEnumerable<StoredObject> All => New is null ? Old : Old.Append(New);
    }

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { } deployment)
            return null;
        if (!deployment.IsDeleting)
        {
            PodTemplates.Adopt(cluster, deployment, ReplicaSetController.ReplicaSets);
            Progress(Look(deployment));
        }
        return WriteStatus(Look(cluster.Get(key)!));
    }

    private Rollout Look(StoredObject deployment)
    {
        var hash = Cluster.TemplateHash(deployment.Value.At("spec", "template"));
        var sets = cluster.Controlled(deployment, ReplicaSetController.ReplicaSets).Where(s => !s.IsDeleting).ToArray();
        var current = sets.FirstOrDefault(s => s.Value.StringAt("metadata", "labels", HashLabel) == hash);
        return new(deployment, deployment.Value.At("spec", "replicas").AsInt(1), current, [.. sets.Where(s => s != current)]);
    }

    private void Progress(Rollout rollout)
    {
        if (rollout.Deployment.Value.At("spec", "paused").AsBool())
        {
            if (rollout.New is { } current && !rollout.Old.Any(o => Replicas(o) > 0))
                Scale(rollout.Deployment, current, rollout.Wanted);
            return;
        }
        if (rollout.New is null)
        {
            CreateReplicaSet(rollout);
            rollout = Look(rollout.Deployment);
        }
        EnsureRevision(rollout);
        if (rollout.Deployment.Value.StringAt("spec", "strategy", "type") == "Recreate")
            Recreate(rollout);
        else
            Roll(rollout);
        foreach (var stale in rollout.Old.Where(o => Replicas(o) == 0 && o.Value.At("status", "replicas").AsInt() == 0)
            .OrderByDescending(RevisionOf).Skip(rollout.Deployment.Value.At("spec", "revisionHistoryLimit").AsInt(10)))
            cluster.Delete(stale);
    }

    private void CreateReplicaSet(Rollout rollout)
    {
        var deployment = rollout.Deployment;
        var template = (JsonObject)deployment.Value.At("spec", "template")!.DeepClone();
        var hash = Cluster.TemplateHash(template);
        template.Ensure("metadata").Ensure("labels")[HashLabel] = hash;
        var selector = (JsonObject)deployment.Value.At("spec", "selector")!.DeepClone();
        selector.Ensure("matchLabels")[HashLabel] = hash;
        var key = new ObjectKey(ReplicaSetController.ReplicaSets, deployment.Key.Namespace, $"{deployment.Key.Name}-{hash}");
        cluster.Create(key, new()
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = key.Name, ["namespace"] = key.Namespace, ["labels"] = template.At("metadata", "labels")!.DeepClone(),
                ["annotations"] = new JsonObject { [Revision] = Text(NextRevision(rollout)) }, ["ownerReferences"] = new JsonArray(Cluster.OwnerReference(deployment)),
            },
            ["spec"] = new JsonObject { ["replicas"] = 0, ["selector"] = selector, ["template"] = template },
        });
    }

    private static int NextRevision(Rollout rollout) => rollout.All.Select(RevisionOf).DefaultIfEmpty(0).Max() + 1;

    private static int RevisionOf(StoredObject set) => int.TryParse(set.Value.StringAt("metadata", "annotations", Revision), NumberStyles.None, CultureInfo.InvariantCulture, out var r) ? r : 0;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The current ReplicaSet has the highest revision, also after a roll-back; the Deployment shows it.</summary>
    private void EnsureRevision(Rollout rollout)
    {
        if (rollout.New is not { } current)
            return;
        var revision = RevisionOf(current);
        if (rollout.Old.Any(o => RevisionOf(o) >= revision))
        {
            revision = NextRevision(rollout);
            Annotate(current.Key, Text(revision));
        }
        if (rollout.Deployment.Value.StringAt("metadata", "annotations", Revision) != Text(revision))
            Annotate(rollout.Deployment.Key, Text(revision));
    }

    private void Annotate(ObjectKey key, string revision) => cluster.Modify(key, live =>
    {
        live.Ensure("metadata").Ensure("annotations")[Revision] = revision;
        return true;
    });

    private void Recreate(Rollout rollout)
    {
        foreach (var old in rollout.Old)
            Scale(rollout.Deployment, old, 0);
        var stopping = rollout.Old.Any(o => cluster.Controlled(o, "/pods").Any());
        if (!stopping)
            Scale(rollout.Deployment, rollout.New!, rollout.Wanted);
    }

    private void Roll(Rollout rollout)
    {
        var wanted = rollout.Wanted;
        var strategy = rollout.Deployment.Value.At("spec", "strategy", "rollingUpdate");
        var surge = DisruptionController.Scaled(strategy.At("maxSurge"), wanted, roundUp: true);
        var unavailable = DisruptionController.Scaled(strategy.At("maxUnavailable"), wanted, roundUp: false);
        if (surge == 0 && unavailable == 0)
            unavailable = 1;
        var old = rollout.Old.Sum(Replicas);
        var now = Replicas(rollout.New!);
        if (now != wanted)
            Scale(rollout.Deployment, rollout.New!, now > wanted ? wanted : Math.Min(wanted, Math.Max(now, wanted + surge - old)));
        if (old == 0)
            return;

        // Broken old pods may go at once; healthy ones only while enough others are available.
        var available = rollout.All.Sum(Available);
        var spare = available - (wanted - unavailable);
        foreach (var set in rollout.Old.OrderBy(o => o.Uid, StringComparer.Ordinal))
        {
            var broken = Replicas(set) - Available(set);
            var down = Math.Min(Replicas(set), Math.Max(0, broken) + Math.Max(0, Math.Min(spare, Available(set))));
            if (down == 0)
                continue;
            spare -= Math.Max(0, down - broken);
            Scale(rollout.Deployment, set, Replicas(set) - down);
        }
    }

    private static int Replicas(StoredObject set) => set.Value.At("spec", "replicas").AsInt();

    private static int Available(StoredObject set) => set.Value.At("status", "availableReplicas").AsInt();

    private void Scale(StoredObject deployment, StoredObject set, int replicas)
    {
        var before = Replicas(set);
        if (before == replicas)
            return;
        cluster.Modify(set.Key, live =>
        {
            live.Ensure("spec")["replicas"] = replicas;
            return true;
        });
        cluster.Record(deployment, "Normal", "ScalingReplicaSet", $"Scaled {(replicas > before ? "up" : "down")} replica set {set.Key.Name} from {before} to {replicas}", Component);
    }

    private TimeSpan? WriteStatus(Rollout rollout)
    {
        var deployment = rollout.Deployment;
        int Total(string field) => rollout.All.Sum(s => s.Value.At("status", field).AsInt());
        var (replicas, ready, available) = (Total("replicas"), Total("readyReplicas"), Total("availableReplicas"));
        var updated = rollout.New?.Value.At("status", "replicas").AsInt() ?? 0;
        var unavailableAllowed = deployment.Value.StringAt("spec", "strategy", "type") == "Recreate" ? 0
            : DisruptionController.Scaled(deployment.Value.At("spec", "strategy", "rollingUpdate", "maxUnavailable"), rollout.Wanted, roundUp: false);
        var complete = rollout.New is not null && updated == rollout.Wanted && replicas == rollout.Wanted && available == rollout.Wanted;
        TimeSpan? again = null;
        cluster.SetStatus(deployment.Key, status =>
        {
            var progressed = status["replicas"].AsInt() != replicas || status["readyReplicas"].AsInt() != ready || status["updatedReplicas"].AsInt() != updated
                || status["observedGeneration"].AsLong() != deployment.Value.At("metadata", "generation").AsLong();
            status["observedGeneration"] = deployment.Value.At("metadata", "generation")?.DeepClone();
            Cluster.Put(status, "replicas", replicas);
            Cluster.Put(status, "updatedReplicas", updated);
            Cluster.Put(status, "readyReplicas", ready);
            Cluster.Put(status, "availableReplicas", available);
            Cluster.Put(status, "unavailableReplicas", Math.Max(0, rollout.Wanted - available));
            if (available >= rollout.Wanted - unavailableAllowed)
                cluster.SetCondition(status, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", withUpdateTime: true);
            else
                cluster.SetCondition(status, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", withUpdateTime: true);
            again = SetProgressing(status, rollout, complete, progressed);
        });
        return again;
    }

    private TimeSpan? SetProgressing(JsonObject status, Rollout rollout, bool complete, bool progressed)
    {
        var paused = rollout.Deployment.Value.At("spec", "paused").AsBool();
        var name = rollout.New?.Key.Name ?? rollout.Deployment.Key.Name;
        JsonObject? Condition() => status.ObjectsAt("conditions").FirstOrDefault(c => c.StringAt("type") == "Progressing");
        if (complete)
        {
            cluster.SetCondition(status, "Progressing", "True", "NewReplicaSetAvailable", $"ReplicaSet \"{name}\" has successfully progressed.", withUpdateTime: true);
            return null;
        }
        if (paused)
        {
            cluster.SetCondition(status, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", withUpdateTime: true);
            return null;
        }
        var deadline = TimeSpan.FromSeconds(rollout.Deployment.Value.At("spec", "progressDeadlineSeconds").AsInt(600));
        if (progressed || Condition() is null)
        {
            cluster.SetCondition(status, "Progressing", "True", "ReplicaSetUpdated", $"ReplicaSet \"{name}\" is progressing.", withUpdateTime: true);
            Condition()!["lastUpdateTime"] = Timestamps.Format(cluster.Now);
        }
        if (Condition().StringAt("reason") is "ProgressDeadlineExceeded" or "NewReplicaSetAvailable")
            return null;
        var left = (Condition()!["lastUpdateTime"].AsTime() ?? cluster.Now) + deadline - cluster.Now;
        if (left > TimeSpan.Zero)
            return left;
        cluster.SetCondition(status, "Progressing", "False", "ProgressDeadlineExceeded", $"ReplicaSet \"{name}\" has timed out progressing.", withUpdateTime: true);
        return null;
    }
}
