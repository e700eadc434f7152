using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AgentProtocol;

namespace CodeZero.Cli.Kubernetes;

/// <summary>What a join needs to know.</summary>
/// <param name="Token">The one-time enrolment token.</param>
/// <param name="AgentImage">The agent's container image; null when the agent runs otherwise.</param>
/// <param name="WithPolicy">Whether to write the default local policy; false where the cluster has one.</param>
internal sealed record JoinPlan(Uri Hub, string Token, TrustRoot Trust, string? AgentImage, bool WithPolicy);

/// <summary>
/// The objects by which a cluster joins: the agent's rights (<c>infra/deploy/agent-rbac.yaml</c>, as shipped), whom the cluster trusts, what it permits,
/// the one-time token, and the agent itself.
/// </summary>
internal static class JoinManifests
{
    public const string Namespace = "codezero-system", PolicyName = "codezero-policy";
    private const string Agent = "codezero-agent", EnrolmentSecret = "codezero-enrolment", RightsResource = "agent-rbac.yaml";
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private const string DefaultPolicy = """
        # What CodeZero may do in this cluster. The Hub cannot change it. Everything here is optional; these are the defaults.
        # kinds:      { allowed: [Deployment, ...], denied: [] }
        # namespaces: { allowed: ["team-*"], denied: [] }
        # registries: { allowed: [ghcr.io/acme], denied: [] }
        # publishers: { allowed: [acme], denied: [] }
        clusterScoped: []
        privileged: false
        hostPath: false
        rbac: true

        """;

    /// <summary>A YAML stream, in the order in which it can be applied.</summary>
    public static string Write(JoinPlan plan)
    {
        var items = new JsonArray { ConfigMap(TrustRoot.ConfigMapName, plan.Trust.ToData()) };
        if (plan.WithPolicy)
            items.Add(ConfigMap(PolicyName, new Dictionary<string, string> { ["policy.yaml"] = DefaultPolicy }));
        items.Add(Secret(plan));
        if (plan.AgentImage is { } image)
            items.Add(Deployment(image));
        var list = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "List", ["items"] = items };
        return $"{Rights()}---\n{list.ToJsonString(s_indented)}\n";
    }

    private static string Rights()
    {
        using var reader = new StreamReader(typeof(JoinManifests).Assembly.GetManifestResourceStream(RightsResource)!);
        return reader.ReadToEnd();
    }

    private static JsonObject ConfigMap(string name, IReadOnlyDictionary<string, string> data)
    {
        var map = Object("v1", "ConfigMap", name);
        map["data"] = new JsonObject(data.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        return map;
    }

    private static JsonObject Secret(JoinPlan plan)
    {
        var secret = Object("v1", "Secret", EnrolmentSecret);
        secret["type"] = "Opaque";
        secret["stringData"] = new JsonObject { ["hub"] = plan.Hub.GetLeftPart(UriPartial.Authority), ["token"] = plan.Token };
        return secret;
    }

    private static JsonObject Deployment(string image)
    {
        var labels = new JsonObject { ["app.kubernetes.io/name"] = Agent };
        var deployment = Object("apps/v1", "Deployment", Agent);
        deployment["spec"] = new JsonObject
        {
            ["replicas"] = 1,
            // Two agents would both speak for the cluster.
            ["strategy"] = new JsonObject { ["type"] = "Recreate" },
            ["selector"] = new JsonObject { ["matchLabels"] = labels },
            ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = labels.DeepClone() }, ["spec"] = Pod(image) },
        };
        return deployment;
    }

    private static JsonObject Pod(string image) => new()
    {
        ["serviceAccountName"] = Agent,
        ["securityContext"] = new JsonObject { ["runAsNonRoot"] = true, ["runAsUser"] = 65532, ["runAsGroup"] = 65532, ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" } },
        ["containers"] = new JsonArray(new JsonObject
        {
            ["name"] = "agent",
            ["image"] = image,
            ["env"] = new JsonArray(new JsonObject { ["name"] = "CODEZERO_NAMESPACE", ["value"] = Namespace }),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "health", ["containerPort"] = 8081 }),
            ["livenessProbe"] = Probe("/healthz"),
            ["readinessProbe"] = Probe("/readyz"),
            ["resources"] = new JsonObject
            {
                ["requests"] = new JsonObject { ["cpu"] = "20m", ["memory"] = "64Mi" },
                ["limits"] = new JsonObject { ["memory"] = "256Mi" },
            },
            ["securityContext"] = new JsonObject
            {
                ["allowPrivilegeEscalation"] = false,
                ["readOnlyRootFilesystem"] = true,
                ["capabilities"] = new JsonObject { ["drop"] = Texts("ALL") },
            },
        }),
    };

    private static JsonObject Probe(string path) => new()
    {
        ["httpGet"] = new JsonObject { ["path"] = path, ["port"] = "health" },
        ["periodSeconds"] = 10,
    };

    private static JsonObject Object(string version, string kind, string name) => new()
    {
        ["apiVersion"] = version,
        ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = Namespace },
    };

    private static JsonArray Texts(params string[] values) => new([.. values.Select(value => (JsonNode)value)]);
}
