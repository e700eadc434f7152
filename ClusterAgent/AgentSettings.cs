using System.Globalization;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent;

/// <summary>How routes to TCP ports are opened.</summary>
internal enum TcpRoutes
{
    /// <summary>Not at all; the App's status says so.</summary>
    None,

    /// <summary>A Service of the type LoadBalancer for each.</summary>
    LoadBalancer,
}

/// <summary>
/// What the cluster's owner tells the agent about the cluster: the ConfigMap <c>codezero-agent-settings</c> in the agent's namespace.
/// Every key is optional; a value that cannot be used counts as absent, and the agent's log says so.
/// </summary>
internal sealed record AgentSettings
{
    public const string ConfigMapName = "codezero-agent-settings";
    private const string DefaultCluster = "codezero";
    private static readonly TimeSpan DefaultReadyDeadline = TimeSpan.FromMinutes(10);

    /// <summary>Key <c>cluster</c>: the cluster's name. Default "codezero".</summary>
    public string Cluster { get; init; } = DefaultCluster;

    /// <summary>Key <c>host</c>: the DNS suffix of public names, <c>app--namespace.HOST</c>. Default <c>CLUSTER.localhost</c>, which browsers resolve to this machine.</summary>
    public string Host { get; init; } = DefaultCluster + ".localhost";

    /// <summary>Key <c>gateway</c>: <c>NAMESPACE/NAME</c> of the Gateway that HTTP routes attach to, where the Gateway API is served. Without it, routes are Ingresses.</summary>
    public (string Namespace, string Name)? Gateway { get; init; }

    /// <summary>Key <c>ingressClass</c>: the class of Ingresses. Default: the cluster's default class.</summary>
    public string? IngressClass { get; init; }

    /// <summary>Key <c>ingressNamespace</c>: where the gateway's or ingress controller's pods run; only they may reach routed ports. Default: the Gateway's, else any namespace.</summary>
    public string? IngressNamespace { get; init; }

    /// <summary>Key <c>tcpRoutes</c>: <c>none</c> (default) or <c>loadBalancer</c>.</summary>
    public TcpRoutes TcpRoutes { get; init; }

    /// <summary>Key <c>readyDeadlineSeconds</c>: how long an App may take to get healthy, 10 to 86400. Default 600.</summary>
    public TimeSpan ReadyDeadline { get; init; } = DefaultReadyDeadline;

    /// <param name="configMap">Null when there is none.</param>
    /// <param name="ignored">Keys that are unknown, or whose values cannot be used.</param>
    public static AgentSettings Read(KubernetesObject? configMap, out IReadOnlyList<string> ignored)
    {
        var rest = configMap?.Json.TextMap("data") ?? [];
        string? Take(string key, Func<string, bool> usable) => rest.TryGetValue(key, out var value) && usable(value) && rest.Remove(key) ? value : null;

        var cluster = Take("cluster", IsLabel) ?? DefaultCluster;
        var gateway = Take("gateway", value => value.Split('/') is [var ns, var name] && IsLabel(ns) && IsHost(name))?.Split('/');
        var settings = new AgentSettings
        {
            Cluster = cluster,
            Host = Take("host", IsHost) ?? cluster + ".localhost",
            Gateway = gateway is null ? null : (gateway[0], gateway[1]),
            IngressClass = Take("ingressClass", IsHost),
            IngressNamespace = Take("ingressNamespace", IsLabel) ?? gateway?[0],
            TcpRoutes = Take("tcpRoutes", value => value is "none" or "loadBalancer") == "loadBalancer" ? TcpRoutes.LoadBalancer : TcpRoutes.None,
            ReadyDeadline = Take("readyDeadlineSeconds", value => Seconds(value) is >= 10 and <= 86_400) is { } seconds
                ? TimeSpan.FromSeconds(Seconds(seconds)!.Value)
                : DefaultReadyDeadline,
        };
        ignored = [.. rest.Keys.Order(StringComparer.Ordinal)];
        return settings;
    }

    private static int? Seconds(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : null;

    private static bool IsHost(string text) => text.Length is > 0 and <= 253 && text.Split('.').All(IsLabel);

    /// <summary>RFC 1123, lower case.</summary>
    private static bool IsLabel(string text) =>
        text.Length is > 0 and <= 63 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') && text[0] != '-' && text[^1] != '-';
}
