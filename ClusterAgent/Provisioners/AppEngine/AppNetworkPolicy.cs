using System.Text.Json.Nodes;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Provisioners.AppEngine;

/// <summary>
/// Who may connect to the App's pods: the other Apps of its namespace, and on routed ports the gateway. Where the settings do not say where the gateway
/// runs, routed ports are open to any source, as they are open through the gateway anyway.
/// </summary>
internal static class AppNetworkPolicy
{
    public static KubernetesObject Render(RenderContext context, AppEngineSpec engine, AppLabels labels, AppRoutes routes)
    {
        var rules = new JsonArray();
        if (engine.Ports.Count > 0)
            rules.Add((JsonNode)new JsonObject
            {
                ["from"] = new JsonArray(new JsonObject
                {
                    ["podSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { [AppNames.ManagedByLabel] = AppNames.ManagedByValue } },
                }),
            });
        if (routes.HttpPorts.ToList() is { Count: > 0 } routed)
        {
            var rule = new JsonObject { ["ports"] = Ports(routed) };
            if (context.Settings.IngressNamespace is { } ns)
                rule["from"] = new JsonArray(new JsonObject
                {
                    ["namespaceSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["kubernetes.io/metadata.name"] = ns } },
                });
            rules.Add((JsonNode)rule);
        }
        if (routes.TcpPorts.ToList() is { Count: > 0 } open)
            rules.Add((JsonNode)new JsonObject { ["ports"] = Ports(open) });

        return labels.Owned(ResourceKind.NetworkPolicy, context.App.Name, json => json["spec"] = new JsonObject
        {
            ["podSelector"] = new JsonObject { ["matchLabels"] = labels.Selector() },
            ["policyTypes"] = new JsonArray("Ingress"),
            ["ingress"] = rules,
        });
    }

    private static JsonArray Ports(IEnumerable<AppPort> ports) =>
        ports.Select(port => new JsonObject { ["port"] = port.TargetPort, ["protocol"] = port.Protocol.Text() }).ToJson();
}
