using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api.Tables;

/// <summary>The columns of the built-in resources, named and filled as a Kubernetes API server does.</summary>
internal static class BuiltInColumns
{
    private const string None = "<none>";
    private const string Unset = "<unset>";

    public static IReadOnlyList<Column> For(string group, string plural) => (group, plural) switch
    {
        ("", "events") =>
        [
            new("Last Seen", "string", 0, static (o, now) => LastSeen(o, now)), Text("Type", "type"), Text("Reason", "reason"),
            new("Object", "string", 0, static (o, _) => $"{o.StringAt("involvedObject", "kind")?.ToLowerInvariant()}/{o.StringAt("involvedObject", "name")}"),
            Wide("Subobject", static o => o.StringAt("involvedObject", "fieldPath") ?? ""), Wide("Source", static o => Source(o)),
            new("Message", "string", 0, static (o, _) => o.StringAt("message")?.Trim()),
            new("First Seen", "string", 1, static (o, now) => Column.AgeOf(o["firstTimestamp"] ?? o["eventTime"] ?? o.At("metadata", "creationTimestamp"), now)),
            new("Count", "string", 1, static (o, _) => o["count"].AsInt(1)), Wide("Name", static o => o.StringAt("metadata", "name") ?? ""),
        ],
        _ => Middle(group, plural) is { } middle ? [Column.ObjectName, .. middle] : [Column.ObjectName, Column.Age],
    };

    private static Column[]? Middle(string group, string plural) => (group, plural) switch
    {
        ("", "namespaces") => [Text("Status", "status", "phase"), Column.Age],
        ("", "configmaps") => [Of("Data", static o => Count(o["data"]) + Count(o["binaryData"])), Column.Age],
        ("", "secrets") => [Text("Type", "type"), Of("Data", static o => Count(o["data"])), Column.Age],
        ("", "serviceaccounts") => [Of("Secrets", static o => Count(o["secrets"])), Column.Age],
        ("", "nodes") =>
        [
            Of("Status", static o => NodeStatus(o)), Of("Roles", static o => NodeRoles(o)), Column.Age, Text("Version", "status", "nodeInfo", "kubeletVersion"),
            Wide("Internal-IP", static o => o.ObjectsAt("status", "addresses").FirstOrDefault(a => a.StringAt("type") == "InternalIP").StringAt("address") ?? None),
            Wide("External-IP", static _ => None), WideText("OS-Image", "status", "nodeInfo", "osImage"), WideText("Kernel-Version", "status", "nodeInfo", "kernelVersion"),
            WideText("Container-Runtime", "status", "nodeInfo", "containerRuntimeVersion"),
        ],
        ("", "pods") =>
        [
            Of("Ready", static o => $"{o.ObjectsAt("status", "containerStatuses").Count(s => s["ready"].AsBool())}/{Count(o.At("spec", "containers"))}"),
            Of("Status", static o => PodStatus(o)), Of("Restarts", static o => o.ObjectsAt("status", "containerStatuses").Sum(s => s["restartCount"].AsInt()).ToString(CultureInfo.InvariantCulture)), Column.Age,
            WideText("IP", "status", "podIP"), WideText("Node", "spec", "nodeName"), WideText("Nominated Node", "status", "nominatedNodeName"), Wide("Readiness Gates", static _ => None),
        ],
        ("", "services") =>
        [
            Text("Type", "spec", "type"), Text("Cluster-IP", "spec", "clusterIP"), Of("External-IP", static o => ExternalAddress(o)), Of("Port(s)", static o => ServicePorts(o)), Column.Age,
            Wide("Selector", static o => Pairs(o.At("spec", "selector"))),
        ],
        ("", "endpoints") => [Of("Endpoints", static o => EndpointAddresses(o)), Column.Age],
        ("", "persistentvolumeclaims") =>
        [
            Of("Status", static o => o.At("metadata", "deletionTimestamp") is null ? o.StringAt("status", "phase") ?? "" : "Terminating"), TextOrEmpty("Volume", "spec", "volumeName"), TextOrEmpty("Capacity", "status", "capacity", "storage"),
            Of("Access Modes", static o => AccessModes(o.At("status", "accessModes"))), TextOrEmpty("StorageClass", "spec", "storageClassName"),
            Of("VolumeAttributesClass", static o => o.StringAt("spec", "volumeAttributesClassName") ?? Unset), Column.Age, WideText("VolumeMode", "spec", "volumeMode"),
        ],
        ("", "persistentvolumes") =>
        [
            TextOrEmpty("Capacity", "spec", "capacity", "storage"), Of("Access Modes", static o => AccessModes(o.At("spec", "accessModes"))), TextOrEmpty("Reclaim Policy", "spec", "persistentVolumeReclaimPolicy"),
            TextOrEmpty("Status", "status", "phase"), Of("Claim", static o => o.At("spec", "claimRef") is { } c ? $"{c.StringAt("namespace")}/{c.StringAt("name")}" : ""),
            TextOrEmpty("StorageClass", "spec", "storageClassName"), Of("VolumeAttributesClass", static o => o.StringAt("spec", "volumeAttributesClassName") ?? Unset), TextOrEmpty("Reason", "status", "reason"), Column.Age,
            WideText("VolumeMode", "spec", "volumeMode"),
        ],
        ("", "replicationcontrollers") => [Number("Desired", "spec", "replicas"), Number("Current", "status", "replicas"), Number("Ready", "status", "readyReplicas"), Column.Age],
        ("apps", "deployments") =>
        [
            Of("Ready", static o => $"{o.At("status", "readyReplicas").AsInt()}/{o.At("spec", "replicas").AsInt()}"), Number("Up-to-date", "status", "updatedReplicas"), Number("Available", "status", "availableReplicas"), Column.Age, .. TemplateColumns,
        ],
        ("apps", "replicasets") => [Number("Desired", "spec", "replicas"), Number("Current", "status", "replicas"), Number("Ready", "status", "readyReplicas"), Column.Age, .. TemplateColumns],
        ("apps", "statefulsets") => [Of("Ready", static o => $"{o.At("status", "readyReplicas").AsInt()}/{o.At("spec", "replicas").AsInt()}"), Column.Age, .. TemplateColumns[..2]],
        ("apps", "daemonsets") =>
        [
            Number("Desired", "status", "desiredNumberScheduled"), Number("Current", "status", "currentNumberScheduled"), Number("Ready", "status", "numberReady"), Number("Up-to-date", "status", "updatedNumberScheduled"),
            Number("Available", "status", "numberAvailable"), Of("Node Selector", static o => Pairs(o.At("spec", "template", "spec", "nodeSelector"))), Column.Age, .. TemplateColumns,
        ],
        ("batch", "jobs") => [Of("Status", static o => JobStatus(o)), Of("Completions", static o => $"{o.At("status", "succeeded").AsInt()}/{o.At("spec", "completions").AsInt(1)}"), new("Duration", "string", 0, static (o, now) => JobDuration(o, now)), Column.Age, .. TemplateColumns],
        ("batch", "cronjobs") =>
        [
            Text("Schedule", "spec", "schedule"), Of("Timezone", static o => o.StringAt("spec", "timeZone") ?? None), Of("Suspend", static o => o.At("spec", "suspend").AsBool() ? "True" : "False"), Of("Active", static o => Count(o.At("status", "active"))),
            new("Last Schedule", "string", 0, static (o, now) => o.At("status", "lastScheduleTime") is { } t ? Column.AgeOf(t, now) : None), Column.Age,
        ],
        ("networking.k8s.io", "ingresses") =>
        [
            Of("Class", static o => o.StringAt("spec", "ingressClassName") ?? None), Of("Hosts", static o => Joined(o.ObjectsAt("spec", "rules").Select(r => r.StringAt("host") ?? "*"), "*")),
            Of("Address", static o => Joined(o.ObjectsAt("status", "loadBalancer", "ingress").Select(i => i.StringAt("ip") ?? i.StringAt("hostname")), "")), Of("Ports", static o => o.At("spec", "tls") is null ? "80" : "80, 443"), Column.Age,
        ],
        ("networking.k8s.io", "ingressclasses") => [Text("Controller", "spec", "controller"), Of("Parameters", static _ => None), Column.Age],
        ("networking.k8s.io", "networkpolicies") => [Of("Pod-Selector", static o => LabelSelector.FromObject(o.At("spec", "podSelector"))?.ToString() is { Length: > 0 } s ? s : None), Column.Age],
        ("discovery.k8s.io", "endpointslices") =>
        [
            Text("AddressType", "addressType"), Of("Ports", static o => Joined(o.ObjectsAt("ports").Select(p => p["port"]?.ToJsonString()), Unset)),
            Of("Endpoints", static o => Joined(o.ObjectsAt("endpoints").SelectMany(e => (e["addresses"] as JsonArray)?.Select(a => a.AsString()) ?? []), Unset)), Column.Age,
        ],
        ("rbac.authorization.k8s.io", "roles" or "clusterroles") => [Of("Created At", static o => o.StringAt("metadata", "creationTimestamp") ?? "")],
        ("rbac.authorization.k8s.io", "rolebindings" or "clusterrolebindings") =>
        [
            Of("Role", static o => $"{o.StringAt("roleRef", "kind")}/{o.StringAt("roleRef", "name")}"), Column.Age, WideSubjects("Users", "User"), WideSubjects("Groups", "Group"), WideSubjects("ServiceAccounts", "ServiceAccount"),
        ],
        ("storage.k8s.io", "storageclasses") =>
        [
            Text("Provisioner", "provisioner"), Text("ReclaimPolicy", "reclaimPolicy"), Text("VolumeBindingMode", "volumeBindingMode"), Of("AllowVolumeExpansion", static o => o["allowVolumeExpansion"].AsBool() ? "true" : "false"), Column.Age,
        ],
        ("coordination.k8s.io", "leases") => [TextOrEmpty("Holder", "spec", "holderIdentity"), Column.Age],
        ("policy", "poddisruptionbudgets") =>
        [
            Of("Min Available", static o => o.At("spec", "minAvailable")?.ToString() ?? "N/A"), Of("Max Unavailable", static o => o.At("spec", "maxUnavailable")?.ToString() ?? "N/A"), Number("Allowed Disruptions", "status", "disruptionsAllowed"), Column.Age,
        ],
        ("autoscaling", "horizontalpodautoscalers") =>
        [
            Of("Reference", static o => $"{o.StringAt("spec", "scaleTargetRef", "kind")}/{o.StringAt("spec", "scaleTargetRef", "name")}"), Of("Targets", static _ => "<unknown>"), Number("MinPods", "spec", "minReplicas"), Number("MaxPods", "spec", "maxReplicas"),
            Number("Replicas", "status", "currentReplicas"), Column.Age,
        ],
        ("scheduling.k8s.io", "priorityclasses") => [Number("Value", "value"), Of("Global-Default", static o => o["globalDefault"].AsBool()), Column.Age, Text("PreemptionPolicy", "preemptionPolicy")],
        ("apps", "controllerrevisions") => [Of("Controller", static o => o.ObjectsAt("metadata", "ownerReferences").Select(r => $"{r.StringAt("kind")?.ToLowerInvariant()}.apps/{r.StringAt("name")}").FirstOrDefault() ?? None), Number("Revision", "revision"), Column.Age],
        ("apiextensions.k8s.io", "customresourcedefinitions") => [Of("Created At", static o => o.StringAt("metadata", "creationTimestamp") ?? "")],
        _ => null,
    };

    private static Column[] TemplateColumns =>
    [
        Wide("Containers", static o => Joined(o.ObjectsAt("spec", "template", "spec", "containers").Select(c => c.StringAt("name")), "")),
        Wide("Images", static o => Joined(o.ObjectsAt("spec", "template", "spec", "containers").Select(c => c.StringAt("image")), "")),
        Wide("Selector", static o => LabelSelector.FromObject(o.At("spec", "selector"))?.ToString() ?? None),
    ];

    private static Column Text(string name, params string[] path) => new(name, "string", 0, (o, _) => o.StringAt(path) ?? None);

    private static Column TextOrEmpty(string name, params string[] path) => new(name, "string", 0, (o, _) => o.StringAt(path) ?? "");

    private static Column WideText(string name, params string[] path) => new(name, "string", 1, (o, _) => o.StringAt(path) ?? None);

    private static Column Number(string name, params string[] path) => new(name, "integer", 0, (o, _) => o.At(path).AsLong() ?? 0);

    private static Column Of(string name, Func<JsonObject, JsonNode?> value) => new(name, "string", 0, (o, _) => value(o));

    private static Column Wide(string name, Func<JsonObject, string> value) => new(name, "string", 1, (o, _) => value(o));

    private static Column WideSubjects(string name, string kind) =>
        Wide(name, o => Joined(o.ObjectsAt("subjects").Where(s => s.StringAt("kind") == kind).Select(s => kind == "ServiceAccount" ? $"{s.StringAt("namespace")}/{s.StringAt("name")}" : s.StringAt("name")), ""));

    private static int Count(JsonNode? node) => node switch { JsonObject o => o.Count, JsonArray a => a.Count, _ => 0 };

    private static string Joined(IEnumerable<string?> items, string otherwise) => string.Join(',', items) is { Length: > 0 } text ? text : otherwise;

    private static string Pairs(JsonNode? map) => map is JsonObject { Count: > 0 } o ? string.Join(',', o.Select(p => $"{p.Key}={p.Value.AsString()}")) : None;

    private static string AccessModes(JsonNode? modes) => string.Join(',', (modes as JsonArray)?.Select(m => m.AsString() switch
    {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        var other => other,
    }) ?? []);

    private static string LastSeen(JsonObject o, DateTimeOffset now) => Column.AgeOf(o.At("series", "lastObservedTime") ?? o["lastTimestamp"] ?? o["eventTime"] ?? o["firstTimestamp"], now);

    private static string Source(JsonObject o) => Joined(new[] { o.StringAt("source", "component") ?? o.StringAt("reportingComponent"), o.StringAt("source", "host") }.Where(s => !string.IsNullOrEmpty(s)), "");

    private static string NodeStatus(JsonObject o)
    {
        var ready = o.ObjectsAt("status", "conditions").FirstOrDefault(c => c.StringAt("type") == "Ready").StringAt("status") switch { "True" => "Ready", "False" => "NotReady", _ => "Unknown" };
        return o.At("spec", "unschedulable").AsBool() ? $"{ready},SchedulingDisabled" : ready;
    }

    private static string NodeRoles(JsonObject o)
    {
        const string Prefix = "node-role.kubernetes.io/";
        return Joined((o.At("metadata", "labels") as JsonObject ?? []).Select(l => l.Key).Where(k => k.StartsWith(Prefix, StringComparison.Ordinal)).Select(k => k[Prefix.Length..]), None);
    }

    private static string PodStatus(JsonObject o)
    {
        if (o.At("metadata", "deletionTimestamp") is not null)
            return "Terminating";
        foreach (var state in o.ObjectsAt("status", "containerStatuses").Select(s => s["state"]))
            if ((state.StringAt("waiting", "reason") ?? state.StringAt("terminated", "reason")) is { } reason)
                return reason;
        return o.StringAt("status", "reason") ?? o.StringAt("status", "phase") ?? "Unknown";
    }

    private static string ExternalAddress(JsonObject o) => o.StringAt("spec", "type") switch
    {
        "ExternalName" => o.StringAt("spec", "externalName") ?? None,
        "LoadBalancer" => Joined(o.ObjectsAt("status", "loadBalancer", "ingress").Select(i => i.StringAt("ip") ?? i.StringAt("hostname")), "<pending>"),
        _ => Joined((o.At("spec", "externalIPs") as JsonArray)?.Select(i => i.AsString()) ?? [], None),
    };

    private static string ServicePorts(JsonObject o) => Joined(o.ObjectsAt("spec", "ports").Select(p =>
        p["nodePort"] is { } node ? $"{p["port"]}:{node}/{p.StringAt("protocol")}" : $"{p["port"]}/{p.StringAt("protocol")}"), None);

    private static string EndpointAddresses(JsonObject o) =>
        Joined(from subset in o.ObjectsAt("subsets") from address in subset.ObjectsAt("addresses") from port in subset.ObjectsAt("ports").DefaultIfEmpty() select port is null ? address.StringAt("ip") : $"{address.StringAt("ip")}:{port["port"]}", None);

    private static string JobStatus(JsonObject o)
    {
        bool Is(string type) => o.ObjectsAt("status", "conditions").Any(c => c.StringAt("type") == type && c.StringAt("status") == "True");
        return Is("Complete") ? "Complete" : Is("Failed") ? "Failed" : o.At("metadata", "deletionTimestamp") is not null ? "Terminating" : Is("Suspended") ? "Suspended" : "Running";
    }

    private static string JobDuration(JsonObject o, DateTimeOffset now) =>
        o.At("status", "startTime").AsTime() is { } start ? HumanDuration.Format((o.At("status", "completionTime").AsTime() ?? now) - start) : "";
}
