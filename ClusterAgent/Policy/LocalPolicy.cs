using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Policy;

/// <summary>
/// What the customer lets CodeZero do in the cluster; the Hub cannot change it. It is the YAML text under the key <c>policy.yaml</c> of the ConfigMap
/// <c>codezero-policy</c> in the agent's namespace. Without that ConfigMap the defaults below apply; one that cannot be read refuses everything.
/// </summary>
internal sealed record LocalPolicy
{
    public const string ConfigMapName = "codezero-policy";
    public const string Key = "policy.yaml";

    /// <summary>The refusal when the policy cannot be read.</summary>
    public const string Unreadable = "policy.unreadable";

    public static readonly LocalPolicy Default = new();

    /// <summary>Kinds, as <c>Deployment</c> or <c>apps/Deployment</c>. Default: all namespaced kinds.</summary>
    public AllowDeny Kinds { get; init; } = AllowDeny.All;

    /// <summary>Namespaces of Apps; <c>*</c> stands for any text. Default: all but Kubernetes' own and the agent's.</summary>
    public AllowDeny Namespaces { get; init; } = AllowDeny.All;

    /// <summary>Image registries or repositories by prefix, such as <c>ghcr.io/acme</c>. An image without a registry is of <c>docker.io</c>. Default: all.</summary>
    public AllowDeny Registries { get; init; } = AllowDeny.All;

    /// <summary>Publishers on the Hub. Default: all. With a list of allowed ones, an App that names no publisher is refused.</summary>
    public AllowDeny Publishers { get; init; } = AllowDeny.All;

    /// <summary>Cluster-scoped kinds that may be written. Default: none.</summary>
    public IReadOnlyList<string> ClusterScoped { get; init; } = [];

    /// <summary>Whether pods may step out of their isolation (privileged, host namespaces and ports, added capabilities). Default: no.</summary>
    public bool Privileged { get; init; }

    /// <summary>Whether pods may mount paths of the node. Default: no.</summary>
    public bool HostPath { get; init; }

    /// <summary>Whether roles may be granted, within what the namespace's <c>edit</c> role holds. Default: yes.</summary>
    public bool Rbac { get; init; } = true;
}

/// <summary>Two lists of patterns. What is denied is denied; of the rest everything is allowed, or only what <paramref name="Allowed"/> lists.</summary>
/// <param name="Allowed">Null allows everything that is not denied; an empty list allows nothing.</param>
internal sealed record AllowDeny(IReadOnlyList<string>? Allowed, IReadOnlyList<string> Denied)
{
    public static readonly AllowDeny All = new(null, []);

    public bool Permits(Func<string, bool> matches) => !Denied.Any(matches) && (Allowed is null || Allowed.Any(matches));

    /// <summary>Whether a pattern of the allowed list names it outright.</summary>
    public bool Lists(Func<string, bool> matches) => Permits(matches) && Allowed is not null && Allowed.Any(pattern => pattern != "*" && matches(pattern));
}

/// <summary>Why the local policy refuses something.</summary>
/// <param name="Code">Stable: <c>policy.privileged</c>.</param>
/// <param name="Object">The object it is about; null when it is about the App as a whole.</param>
/// <param name="Field">The field, such as <c>spec.template.spec.hostNetwork</c>; empty when it is about the whole object.</param>
/// <param name="Message">What is refused and what to do.</param>
internal sealed record PolicyRefusal(string Code, ObjectRef? Object, string Field, string Message)
{
    public override string ToString() => (Object, Field) switch
    {
        (null, _) => Message,
        (_, "") => $"{Object}: {Message}",
        _ => $"{Object} {Field}: {Message}",
    };
}
