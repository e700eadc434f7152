using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Policy;

/// <summary>
/// Roles that an App brings may hold nothing beyond the <c>edit</c> ClusterRole, and may go only to service accounts of the App's namespace.
/// (The API server refuses more as well, since the App is applied with that role; here the refusal explains itself before the first write.)
/// </summary>
internal static class RbacPolicy
{
    private const string Group = "rbac.authorization.k8s.io";

    /// <summary>What <c>edit</c> lets one write, by group.</summary>
    private static readonly Dictionary<string, HashSet<string>> Editable = new(StringComparer.Ordinal)
    {
        [""] = ["configmaps", "endpoints", "events", "persistentvolumeclaims", "pods", "pods/attach", "pods/exec", "pods/log", "pods/portforward", "pods/proxy", "pods/status",
            "replicationcontrollers", "replicationcontrollers/scale", "secrets", "serviceaccounts", "services", "services/proxy"],
        ["apps"] = ["daemonsets", "deployments", "deployments/rollback", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale"],
        ["autoscaling"] = ["horizontalpodautoscalers"],
        ["batch"] = ["cronjobs", "jobs"],
        ["networking.k8s.io"] = ["ingresses", "networkpolicies"],
        ["policy"] = ["poddisruptionbudgets"],
        ["coordination.k8s.io"] = ["leases"],
    };

    private static readonly HashSet<string> Verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

    public static IEnumerable<PolicyRefusal> Check(LocalPolicy policy, KubernetesObject item)
    {
        if (item.Kind.Group != Group)
            return [];
        if (!policy.Rbac)
            return [PolicyCheck.Refuse("rbac", item, "kind", "The local policy does not let Apps grant roles.")];
        return item.Kind.Kind switch
        {
            "Role" => item.Json.Objects("rules").SelectMany((rule, index) => Rule(item, rule, $"rules[{index}]")),
            "RoleBinding" => Binding(item),
            _ => [Refuse(item, "kind", $"An App may not bring a {item.Kind.Kind}: it reaches past the namespace.")],
        };
    }

    private static IEnumerable<PolicyRefusal> Rule(KubernetesObject item, JsonObject rule, string path)
    {
        if (rule["nonResourceURLs"] is JsonArray { Count: > 0 })
            yield return Refuse(item, path + ".nonResourceURLs", "A role of a namespace cannot hold these.");
        foreach (var verb in rule["verbs"] as JsonArray ?? [])
            if (!Verbs.Contains(verb.Text() ?? ""))
                yield return Refuse(item, path + ".verbs", $"The verb {verb?.ToJsonString()} is not in the edit role.");
        foreach (var group in rule["apiGroups"] as JsonArray ?? [])
            foreach (var resource in rule["resources"] as JsonArray ?? [])
                if (!Editable.TryGetValue(group.Text() ?? "?", out var resources) || !resources.Contains(resource.Text() ?? "?"))
                    yield return Refuse(item, path + ".resources", $"The edit role does not hold {resource?.ToJsonString()} of the group {group?.ToJsonString()}.");
    }

    private static IEnumerable<PolicyRefusal> Binding(KubernetesObject item)
    {
        if (item.Json.Text("roleRef", "kind") != "Role" && item.Json.Text("roleRef", "name") is not ("edit" or "view"))
            yield return Refuse(item, "roleRef", "A binding may refer to a Role of the namespace, or to the ClusterRoles edit and view.");
        foreach (var subject in item.Json.Objects("subjects"))
            if (subject.Text("kind") != "ServiceAccount" || subject.Text("namespace") != item.Namespace)
                yield return Refuse(item, "subjects", $"Roles may only go to service accounts of the namespace {item.Namespace}.");
    }

    private static PolicyRefusal Refuse(KubernetesObject item, string field, string what) =>
        new("policy.rbac", item.Ref, field, $"{what} An App may hold no more than the namespace's edit role.");
}
