using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
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

/// <summary>Lists the ready pods behind each service, as Endpoints and as an EndpointSlice.</summary>
internal sealed class EndpointsController(Cluster cluster) : IController
{
    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource switch
    {
        "/services" => [change.Object.Key],
        "/pods" => cluster.Store.List("/services", change.Object.Key.Namespace).Where(s => Selects(s, change.Object) || (change.Previous is { } before && Selects(s, before))).Select(s => s.Key),
        _ => [],
    };

    private static bool Selects(StoredObject service, StoredObject pod) =>
        service.Value.At("spec", "selector") is JsonObject { Count: > 0 } labels && LabelSelector.FromLabels(labels).Matches(pod.Value.At("metadata", "labels") as JsonObject);

    public TimeSpan? Reconcile(ObjectKey key)
    {
        var endpointsKey = key with { Resource = "/endpoints" };
        if (cluster.Get(key) is not { } service)
        {
            if (cluster.Get(endpointsKey) is { } left)
                cluster.Delete(left);
            return null;
        }
        if (service.IsDeleting || service.Value.At("spec", "selector") is not JsonObject { Count: > 0 })
            return null;
        var pods = cluster.Store.List("/pods", key.Namespace).Where(p => Selects(service, p) && !p.IsDeleting && p.Value.StringAt("status", "podIP") is not null).ToArray();
        var ready = pods.Where(p => Kubelet.IsReady(p.Value) || service.Value.At("spec", "publishNotReadyAddresses").AsBool()).ToArray();
        WriteEndpoints(service, endpointsKey, ready, [.. pods.Except(ready)]);
        WriteSlice(service, ready, [.. pods.Except(ready)]);
        return null;
    }

    private void WriteEndpoints(StoredObject service, ObjectKey key, StoredObject[] ready, StoredObject[] notReady)
    {
        JsonArray Addresses(StoredObject[] pods) => new([.. pods.Select(p => (JsonNode)new JsonObject { ["ip"] = p.Value.StringAt("status", "podIP"), ["nodeName"] = p.Value.StringAt("spec", "nodeName"), ["targetRef"] = Reference(p) })]);
        var subset = new JsonObject();
        if (ready.Length > 0)
            subset["addresses"] = Addresses(ready);
        if (notReady.Length > 0)
            subset["notReadyAddresses"] = Addresses(notReady);
        subset["ports"] = Ports(service, ready.Concat(notReady).FirstOrDefault());
        var subsets = ready.Length + notReady.Length == 0 ? null : new JsonArray(subset);
        cluster.Ensure(key, () => new() { ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace, ["labels"] = service.Value.At("metadata", "labels")?.DeepClone() } });
        cluster.Modify(key, live =>
        {
            live.Remove("subsets");
            if (subsets is not null)
                live["subsets"] = subsets.DeepClone();
            return true;
        });
    }

    private void WriteSlice(StoredObject service, StoredObject[] ready, StoredObject[] notReady)
    {
        var slice = cluster.Controlled(service, "discovery.k8s.io/endpointslices").FirstOrDefault();
        JsonObject Endpoint(StoredObject pod, bool isReady) => new()
        {
            ["addresses"] = new JsonArray(pod.Value.StringAt("status", "podIP")), ["conditions"] = new JsonObject { ["ready"] = isReady, ["serving"] = isReady, ["terminating"] = false },
            ["nodeName"] = pod.Value.StringAt("spec", "nodeName"), ["targetRef"] = Reference(pod),
        };
        var endpoints = new JsonArray([.. ready.Select(p => (JsonNode)Endpoint(p, true)), .. notReady.Select(p => (JsonNode)Endpoint(p, false))]);
        var ports = Ports(service, ready.Concat(notReady).FirstOrDefault());
        foreach (var port in ports.OfType<JsonObject>())
            port["name"] ??= "";
        if (slice is null)
        {
            cluster.Create(new("discovery.k8s.io/endpointslices", service.Key.Namespace, ""), new()
            {
                ["metadata"] = new JsonObject
                {
                    ["generateName"] = $"{service.Key.Name}-", ["namespace"] = service.Key.Namespace, ["ownerReferences"] = new JsonArray(Cluster.OwnerReference(service)),
                    ["labels"] = new JsonObject { ["kubernetes.io/service-name"] = service.Key.Name, ["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io" },
                },
                ["addressType"] = "IPv4", ["endpoints"] = endpoints, ["ports"] = ports,
            });
            return;
        }
        cluster.Modify(slice.Key, live =>
        {
            (live["endpoints"], live["ports"]) = (endpoints.DeepClone(), ports.DeepClone());
            return true;
        });
    }

    private static JsonObject Reference(StoredObject pod) => new() { ["kind"] = "Pod", ["namespace"] = pod.Key.Namespace, ["name"] = pod.Key.Name, ["uid"] = pod.Uid };

    private static JsonArray Ports(StoredObject service, StoredObject? pod) => new([.. service.Value.ObjectsAt("spec", "ports").Select(p =>
    {
        var port = new JsonObject { ["port"] = TargetPort(p, pod), ["protocol"] = p.StringAt("protocol") };
        if (p.StringAt("name") is { } name)
            port["name"] = name;
        return (JsonNode)port;
    })]);

    private static long TargetPort(JsonObject port, StoredObject? pod)
    {
        var target = port["targetPort"];
        if (target.AsLong() is { } number)
            return number;
        return pod?.Value.ObjectsAt("spec", "containers").SelectMany(c => c.ObjectsAt("ports")).FirstOrDefault(p => p.StringAt("name") == target.AsString())?["containerPort"].AsLong() ?? port["port"].AsLong() ?? 0;
    }
}

/// <summary>Counts what disruption budgets protect.</summary>
internal sealed class DisruptionController(Cluster cluster) : IController
{
    private const string Budgets = "policy/poddisruptionbudgets";

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource switch
    {
        Budgets => [change.Object.Key],
        "/pods" => cluster.Store.List(Budgets, change.Object.Key.Namespace).Select(b => b.Key),
        _ => [],
    };

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { IsDeleting: false } budget || LabelSelector.FromObject(budget.Value.At("spec", "selector")) is not { } selector)
            return null;
        var pods = cluster.Store.List("/pods", key.Namespace).Where(p => !p.IsDeleting && selector.Matches(p.Value.At("metadata", "labels") as JsonObject)).ToArray();
        var healthy = pods.Count(p => Kubelet.IsReady(p.Value));
        var desired = budget.Value.At("spec", "minAvailable") is { } least ? Scaled(least, pods.Length, roundUp: true)
            : pods.Length - Scaled(budget.Value.At("spec", "maxUnavailable"), pods.Length, roundUp: true);
        cluster.SetStatus(key, status =>
        {
            (status["currentHealthy"], status["desiredHealthy"], status["expectedPods"]) = (healthy, Math.Max(desired, 0), pods.Length);
            status["disruptionsAllowed"] = Math.Max(0, healthy - desired);
            status["observedGeneration"] = budget.Value.At("metadata", "generation")?.DeepClone();
            var allowed = healthy > desired;
            cluster.SetCondition(status, "DisruptionAllowed", allowed ? "True" : "False", allowed ? "SufficientPods" : "InsufficientPods", "");
            foreach (var condition in status.ObjectsAt("conditions"))
                condition["message"] ??= "";
        });
        return null;
    }

    /// <summary>An absolute number, or a percentage of the total.</summary>
    public static int Scaled(JsonNode? value, int total, bool roundUp)
    {
        if (value.AsString() is { } text && text.EndsWith('%') && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var percent))
            return roundUp ? (int)Math.Ceiling(percent * total / 100.0) : percent * total / 100;
        return value.AsInt();
    }
}

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
