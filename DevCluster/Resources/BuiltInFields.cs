namespace CodeZero.DevCluster.Resources;

/// <summary>The fields that field selectors may name, beside <c>metadata.name</c> and <c>metadata.namespace</c>.</summary>
internal static class BuiltInFields
{
    public static IReadOnlyList<string> For(string plural) => plural switch
    {
        "pods" => ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"],
        "events" =>
        [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
            "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
        ],
        "secrets" => ["type"],
        "namespaces" => ["status.phase"],
        "nodes" => ["spec.unschedulable"],
        "replicasets" or "replicationcontrollers" => ["status.replicas"],
        "jobs" => ["status.successful"],
        "services" => ["spec.clusterIP", "spec.type"],
        _ => [],
    };
}
