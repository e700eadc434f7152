using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>
/// Scheduler and kubelet in one: puts pods on the node and lets them run without running anything. Images whose name contains
/// <c>does-not-exist</c>, missing ConfigMaps, Secrets and claims, and two annotations make pods fail as they would on a real node.
/// </summary>
internal sealed class Kubelet(Cluster cluster, DevClusterOptions options) : IController
{
    public const string NodeName = "devcluster-node";

    /// <summary>Value <c>fail</c>: no image of the pod can be pulled.</summary>
    public const string ImagePullAnnotation = "devcluster.codezero.io/image-pull";

    /// <summary>Exit code of the containers of a pod that runs to completion. Default 0.</summary>
    public const string ExitCodeAnnotation = "devcluster.codezero.io/exit-code";

    private const string Pods = "/pods";
    private readonly Dictionary<ObjectKey, (string Uid, DateTimeOffset At)> starts = [];
    private readonly Dictionary<ObjectKey, (string Uid, DateTimeOffset At)> stops = [];
    private int lastAddress;

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource switch
    {
        Pods => [change.Object.Key],
        "/persistentvolumeclaims" or "/secrets" or "/configmaps" => cluster.Store.List(Pods, change.Object.Key.Namespace).Where(p => p.Value.StringAt("status", "phase") == "Pending").Select(p => p.Key),
        _ => [],
    };

    public static bool IsReady(JsonObject pod) => pod.ObjectsAt("status", "conditions").Any(c => c.StringAt("type") == "Ready" && c.StringAt("status") == "True");

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { } pod)
        {
            starts.Remove(key);
            stops.Remove(key);
            return null;
        }
        if (pod.IsDeleting)
            return Stop(pod);
        if (pod.Value.StringAt("status", "phase") is "Succeeded" or "Failed")
            return null;
        if (pod.Value.StringAt("spec", "nodeName") is not { Length: > 0 } && !TrySchedule(pod))
            return null;
        if (pod.Value.StringAt("spec", "nodeName") is { Length: > 0 } node && node != NodeName)
            return null;
        var start = Due(starts, pod, options.PodStartDelay);
        if (start > cluster.Now)
            return start - cluster.Now;
        return Run(cluster.Get(key)!, start);
    }

    /// <summary>The delay after the first look at this pod; a new pod of the same name starts anew.</summary>
    private DateTimeOffset Due(Dictionary<ObjectKey, (string Uid, DateTimeOffset At)> times, StoredObject pod, TimeSpan delay)
    {
        if (!times.TryGetValue(pod.Key, out var due) || due.Uid != pod.Uid)
            times[pod.Key] = due = (pod.Uid, cluster.Now + delay);
        return due.At;
    }

    private TimeSpan? Stop(StoredObject pod)
    {
        if (pod.Value.At("metadata", "deletionGracePeriodSeconds").AsLong() is not > 0)
            return null;
        var end = Due(stops, pod, options.PodStopDelay);
        if (end > cluster.Now)
            return end - cluster.Now;
        cluster.Delete(pod, new(GracePeriodSeconds: 0));
        return null;
    }

    private bool TrySchedule(StoredObject pod)
    {
        foreach (var name in pod.Value.ObjectsAt("spec", "volumes").Select(v => v.StringAt("persistentVolumeClaim", "claimName")).OfType<string>())
        {
            var claim = cluster.Get("/persistentvolumeclaims", pod.Key.Namespace, name);
            if (claim is not null && claim.Value.StringAt("status", "phase") == "Bound")
                continue;
            var why = claim is null ? $"0/1 nodes are available: persistentvolumeclaim \"{name}\" not found." : "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.";
            if (!pod.Value.ObjectsAt("status", "conditions").Any(c => c.StringAt("message") == why))
                cluster.Record(pod, "Warning", "FailedScheduling", why, "default-scheduler");
            cluster.SetStatus(pod.Key, status => cluster.SetCondition(status, "PodScheduled", "False", "Unschedulable", why), Cluster.Kubelet);
            return false;
        }
        cluster.Modify(pod.Key, live =>
        {
            live.Ensure("spec")["nodeName"] = NodeName;
            return true;
        }, "kube-scheduler");
        cluster.SetStatus(pod.Key, status =>
        {
            cluster.SetCondition(status, "PodScheduled", "True", "", "");
            status["startTime"] ??= Timestamps.Format(cluster.Now);
            status["hostIP"] = "127.0.0.1";
        }, Cluster.Kubelet);
        cluster.Record(pod, "Normal", "Scheduled", $"Successfully assigned {pod.Key.Namespace}/{pod.Key.Name} to {NodeName}", "default-scheduler");
        return true;
    }

    private TimeSpan? Run(StoredObject pod, DateTimeOffset start)
    {
        var ends = pod.Value.StringAt("spec", "restartPolicy") != "Always";
        var ended = ends && cluster.Now >= start + options.PodStartDelay;
        var mount = MissingVolume(pod);
        var states = pod.Value.ObjectsAt("spec", "containers").Select(c => (Container: c, Waiting: mount is not null ? ("ContainerCreating", mount) : Obstacle(pod, c))).ToArray();
        var running = states.All(s => s.Waiting is null);
        var exitCode = int.TryParse(pod.Value.StringAt("metadata", "annotations", ExitCodeAnnotation), NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : 0;

        foreach (var (container, waiting) in states)
            Tell(pod, container, waiting);
        cluster.SetStatus(pod.Key, status =>
        {
            var phase = !running ? "Pending" : !ended ? "Running" : exitCode == 0 ? "Succeeded" : "Failed";
            status["phase"] = phase;
            if (running)
            {
                status["podIP"] ??= NextAddress();
                status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = status["podIP"]!.DeepClone() });
            }
            var previous = status.ObjectsAt("containerStatuses").ToDictionary(s => s.StringAt("name") ?? "");
            status["containerStatuses"] = new JsonArray([.. states.Select(s => (JsonNode)ContainerStatus(s.Container, s.Waiting, previous.GetValueOrDefault(s.Container.StringAt("name") ?? ""), ended, exitCode, pod.Uid))]);
            var ready = phase == "Running";
            var why = ready ? ("", "") : ended ? ("PodCompleted", "") : ("ContainersNotReady", $"containers with unready status: [{string.Join(" ", states.Where(s => s.Waiting is not null).Select(s => s.Container.StringAt("name")))}]");
            cluster.SetCondition(status, "PodReadyToStartContainers", mount is null ? "True" : "False", "", "");
            cluster.SetCondition(status, "Initialized", "True", ended ? "PodCompleted" : "", "");
            cluster.SetCondition(status, "Ready", ready ? "True" : "False", why.Item1, why.Item2);
            cluster.SetCondition(status, "ContainersReady", ready ? "True" : "False", why.Item1, why.Item2);
        }, Cluster.Kubelet);
        if (running && ends && !ended)
            return start + options.PodStartDelay - cluster.Now;
        // A failed pull is shown as ErrImagePull first and as ImagePullBackOff from the next look on.
        return states.Any(s => s.Waiting?.Reason == "ErrImagePull") ? options.PodStartDelay : null;
    }

    private void Tell(StoredObject pod, JsonObject container, (string Reason, string Message)? waiting)
    {
        var before = pod.Value.ObjectsAt("status", "containerStatuses").FirstOrDefault(s => s.StringAt("name") == container.StringAt("name"));
        var image = container.StringAt("image");
        switch (waiting)
        {
            case null when before.At("state", "running") is null && before.At("state", "terminated") is null:
                cluster.Record(pod, "Normal", "Pulled", $"Container image \"{image}\" already present on machine", Cluster.Kubelet);
                cluster.Record(pod, "Normal", "Started", $"Started container {container.StringAt("name")}", Cluster.Kubelet);
                break;
            case ("ErrImagePull", var message):
                cluster.Record(pod, "Warning", "Failed", message, Cluster.Kubelet);
                break;
            case ("ContainerCreating", var message) when before is null:
                cluster.Record(pod, "Warning", "FailedMount", message, Cluster.Kubelet);
                break;
            case ("CreateContainerConfigError", var message) when before.StringAt("state", "waiting", "reason") != "CreateContainerConfigError":
                cluster.Record(pod, "Warning", "Failed", $"Error: {message}", Cluster.Kubelet);
                break;
        }
    }

    /// <summary>Why the container cannot start, or null.</summary>
    private (string Reason, string Message)? Obstacle(StoredObject pod, JsonObject container)
    {
        var image = container.StringAt("image") ?? "";
        if (image.Contains("does-not-exist", StringComparison.Ordinal) || pod.Value.StringAt("metadata", "annotations", ImagePullAnnotation) == "fail")
        {
            var tried = pod.Value.ObjectsAt("status", "containerStatuses").Any(s => s.StringAt("name") == container.StringAt("name") && s.StringAt("state", "waiting", "reason") is "ErrImagePull" or "ImagePullBackOff");
            return tried ? ("ImagePullBackOff", $"Back-off pulling image \"{image}\"") : ("ErrImagePull", $"failed to pull and unpack image \"{image}\": not found");
        }
        foreach (var (kind, resource, reference) in References(container))
        {
            if (reference["optional"].AsBool() || reference.StringAt("name") is not { } name)
                continue;
            if (cluster.Get(resource, pod.Key.Namespace, name) is not { } source)
                return ("CreateContainerConfigError", $"{kind} \"{name}\" not found");
            if (reference.StringAt("key") is { } key && source.Value.At("data", key) is null && source.Value.At("binaryData", key) is null)
                return ("CreateContainerConfigError", $"couldn't find key {key} in {(kind == "secret" ? "Secret" : "ConfigMap")} {pod.Key.Namespace}/{name}");
        }
        return null;
    }

    private static IEnumerable<(string Kind, string Resource, JsonObject Reference)> References(JsonObject container)
    {
        foreach (var source in container.ObjectsAt("envFrom").Concat(container.ObjectsAt("env").Select(e => e["valueFrom"]).OfType<JsonObject>()))
        {
            if ((source["configMapRef"] ?? source["configMapKeyRef"]) is JsonObject map)
                yield return ("configmap", "/configmaps", map);
            if ((source["secretRef"] ?? source["secretKeyRef"]) is JsonObject secret)
                yield return ("secret", "/secrets", secret);
        }
    }

    private string? MissingVolume(StoredObject pod)
    {
        foreach (var volume in pod.Value.ObjectsAt("spec", "volumes"))
        {
            var (kind, resource, name, optional) = volume["secret"] is { } secret ? ("secret", "/secrets", secret.StringAt("secretName"), secret["optional"].AsBool())
                : volume["configMap"] is { } map ? ("configmap", "/configmaps", map.StringAt("name"), map["optional"].AsBool()) : ("", "", null, true);
            if (!optional && name is not null && cluster.Get(resource, pod.Key.Namespace, name) is null)
                return $"MountVolume.SetUp failed for volume \"{volume.StringAt("name")}\" : {kind} \"{name}\" not found";
        }
        return null;
    }

    private JsonObject ContainerStatus(JsonObject container, (string Reason, string Message)? waiting, JsonObject? previous, bool ended, int exitCode, string uid)
    {
        var now = Timestamps.Format(cluster.Now);
        var (name, image) = (container.StringAt("name")!, container.StringAt("image") ?? "");
        JsonObject state;
        if (waiting is var (reason, message))
            state = new() { ["waiting"] = new JsonObject { ["reason"] = reason, ["message"] = message } };
        else if (ended)
            state = new() { ["terminated"] = new JsonObject { ["exitCode"] = exitCode, ["reason"] = exitCode == 0 ? "Completed" : "Error", ["startedAt"] = previous.At("state", "running", "startedAt")?.DeepClone() ?? now, ["finishedAt"] = now } };
        else
            state = new() { ["running"] = new JsonObject { ["startedAt"] = previous.At("state", "running", "startedAt")?.DeepClone() ?? now } };
        var up = waiting is null && !ended;
        var status = new JsonObject
        {
            ["name"] = name, ["image"] = image, ["imageID"] = waiting is null ? $"devcluster://{image}" : "", ["ready"] = up, ["started"] = up, ["restartCount"] = previous?["restartCount"].AsInt() ?? 0, ["state"] = state, ["lastState"] = new JsonObject(),
        };
        if (waiting is null)
            status["containerID"] = $"devcluster://{uid}/{name}";
        return status;
    }

    private string NextAddress()
    {
        lastAddress = (lastAddress + 1) % (250 * 250);
        return string.Create(CultureInfo.InvariantCulture, $"10.244.{lastAddress / 250}.{lastAddress % 250 + 2}");
    }
}
