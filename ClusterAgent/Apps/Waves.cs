using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>The order in which kinds are written: each wave may rely on the ones before it. Removal goes the other way.</summary>
internal static class Waves
{
    public const int Count = 4;

    private static readonly HashSet<ResourceKind> First = [ResourceKind.Namespace, ResourceKind.CustomResourceDefinition];

    /// <summary>A network policy is here too: no pod may run a moment without it.</summary>
    private static readonly HashSet<ResourceKind> Second =
    [
        ResourceKind.ServiceAccount, ResourceKind.Role, ResourceKind.RoleBinding, ResourceKind.ConfigMap, ResourceKind.Secret, ResourceKind.PersistentVolumeClaim,
        ResourceKind.NetworkPolicy,
    ];

    private static readonly HashSet<ResourceKind> Last = [ResourceKind.Service, ResourceKind.Ingress, ResourceKind.HttpRoute];

    /// <summary>0 namespaces and definitions; 1 rights, configuration, secrets, claims; 2 workloads and all other kinds; 3 services and routes.</summary>
    public static int Of(ResourceKind kind) =>
        First.Contains(kind) ? 0 :
        Second.Contains(kind) || kind.Group == ResourceKind.Role.Group ? 1 :
        Last.Contains(kind) ? 3 : 2;
}
