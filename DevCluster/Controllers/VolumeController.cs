using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Binds claims to volumes it makes, and removes the volume with the claim when its policy says so.</summary>
internal sealed class VolumeController(Cluster cluster) : IController
{
    private const string Claims = "/persistentvolumeclaims";
    private const string Volumes = "/persistentvolumes";

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource switch
    {
        Claims => [change.Object.Key],
        Volumes or "storage.k8s.io/storageclasses" => cluster.Store.List(Claims).Where(c => c.Value.StringAt("status", "phase") != "Bound").Select(c => c.Key),
        _ => [],
    };

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { } claim)
        {
            Release(key);
            return null;
        }
        if (claim.IsDeleting)
            return null;
        var phase = claim.Value.StringAt("status", "phase");
        if (phase == "Bound" && JsonNode.DeepEquals(claim.Value.At("status", "capacity", "storage"), claim.Value.At("spec", "resources", "requests", "storage")))
            return null;
        if (Volume(claim) is not { } volume)
        {
            if (phase != "Pending")
                cluster.SetStatus(key, s => s["phase"] = "Pending");
            return null;
        }
        cluster.Modify(key, live =>
        {
            live.Ensure("spec")["volumeName"] = volume.Key.Name;
            return true;
        });
        cluster.SetStatus(key, status =>
        {
            status["phase"] = "Bound";
            status["accessModes"] = claim.Value.At("spec", "accessModes")?.DeepClone();
            status["capacity"] = new JsonObject { ["storage"] = claim.Value.At("spec", "resources", "requests", "storage")?.DeepClone() };
        });
        cluster.SetStatus(volume.Key, s => s["phase"] = "Bound");
        return null;
    }

    private StoredObject? Volume(StoredObject claim)
    {
        var spec = claim.Value["spec"];
        if (spec.StringAt("volumeName") is { Length: > 0 } named)
            return cluster.Get(Volumes, "", named);
        if (spec.StringAt("storageClassName") is not { Length: > 0 } className)
            return null;
        if (cluster.Get("storage.k8s.io/storageclasses", "", className) is not { } storageClass)
        {
            cluster.Record(claim, "Warning", "ProvisioningFailed", $"storageclass.storage.k8s.io \"{className}\" not found", "persistentvolume-controller");
            return null;
        }
        var key = new ObjectKey(Volumes, "", $"pvc-{claim.Uid}");
        cluster.Ensure(key, () => new()
        {
            ["metadata"] = new JsonObject { ["name"] = key.Name, ["annotations"] = new JsonObject { ["pv.kubernetes.io/provisioned-by"] = storageClass.Value.StringAt("provisioner") } },
            ["spec"] = new JsonObject
            {
                ["capacity"] = new JsonObject { ["storage"] = spec.At("resources", "requests", "storage")?.DeepClone() },
                ["accessModes"] = spec.At("accessModes")?.DeepClone(),
                ["claimRef"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "PersistentVolumeClaim", ["namespace"] = claim.Key.Namespace, ["name"] = claim.Key.Name, ["uid"] = claim.Uid },
                ["persistentVolumeReclaimPolicy"] = storageClass.Value.StringAt("reclaimPolicy"),
                ["storageClassName"] = className,
                ["volumeMode"] = spec.At("volumeMode")?.DeepClone(),
                ["hostPath"] = new JsonObject { ["path"] = $"/var/devcluster/{key.Name}" },
            },
        });
        cluster.Record(claim, "Normal", "ProvisioningSucceeded", $"Successfully provisioned volume {key.Name}", "persistentvolume-controller");
        return cluster.Get(key);
    }

    private void Release(ObjectKey claim)
    {
        foreach (var volume in cluster.Store.List(Volumes).Where(v => v.Value.StringAt("spec", "claimRef", "namespace") == claim.Namespace && v.Value.StringAt("spec", "claimRef", "name") == claim.Name).ToArray())
            if (volume.Value.StringAt("spec", "persistentVolumeReclaimPolicy") == "Delete")
                cluster.Delete(volume);
            else
                cluster.SetStatus(volume.Key, s => s["phase"] = "Released");
    }
}
