using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

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
