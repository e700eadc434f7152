namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>An API version and a kind, such as <c>apps/v1</c> and <c>Deployment</c>.</summary>
internal readonly record struct ResourceKind(string ApiVersion, string Kind)
{
    public static readonly ResourceKind Namespace = new("v1", "Namespace");
    public static readonly ResourceKind ConfigMap = new("v1", "ConfigMap");
    public static readonly ResourceKind Secret = new("v1", "Secret");
    public static readonly ResourceKind Service = new("v1", "Service");
    public static readonly ResourceKind ServiceAccount = new("v1", "ServiceAccount");
    public static readonly ResourceKind Pod = new("v1", "Pod");
    public static readonly ResourceKind PersistentVolumeClaim = new("v1", "PersistentVolumeClaim");
    public static readonly ResourceKind Deployment = new("apps/v1", "Deployment");
    public static readonly ResourceKind StatefulSet = new("apps/v1", "StatefulSet");
    public static readonly ResourceKind DaemonSet = new("apps/v1", "DaemonSet");
    public static readonly ResourceKind Job = new("batch/v1", "Job");
    public static readonly ResourceKind Ingress = new("networking.k8s.io/v1", "Ingress");
    public static readonly ResourceKind NetworkPolicy = new("networking.k8s.io/v1", "NetworkPolicy");
    public static readonly ResourceKind HttpRoute = new("gateway.networking.k8s.io/v1", "HTTPRoute");
    public static readonly ResourceKind Role = new("rbac.authorization.k8s.io/v1", "Role");
    public static readonly ResourceKind RoleBinding = new("rbac.authorization.k8s.io/v1", "RoleBinding");
    public static readonly ResourceKind CustomResourceDefinition = new("apiextensions.k8s.io/v1", "CustomResourceDefinition");

    /// <summary>The API group; empty for the core group.</summary>
    public string Group => ApiVersion.IndexOf('/', StringComparison.Ordinal) is var slash and >= 0 ? ApiVersion[..slash] : "";

    public override string ToString() => $"{ApiVersion} {Kind}";
}

/// <summary>Names one object. <paramref name="Namespace"/> is null for cluster-scoped kinds.</summary>
internal readonly record struct ObjectRef(ResourceKind Kind, string? Namespace, string Name)
{
    /// <summary>As people write it: <c>Deployment shop/web</c>.</summary>
    public override string ToString() => Namespace is null ? $"{Kind.Kind} {Name}" : $"{Kind.Kind} {Namespace}/{Name}";
}
