using System.Text.Json.Nodes;

namespace CodeZero.Cli.Kubernetes;

/// <summary>
/// A cluster whose API server knows people by the Hub: what its administrator sets there, and what people set in their kubeconfig.
/// See <c>docs/kubernetes-sign-in.md</c>.
/// </summary>
/// <param name="Hub">The Hub's address, which is the issuer.</param>
/// <param name="Slug">The organization's, which begins its groups.</param>
internal sealed record ClusterSignIn(Uri Hub, Guid Organization, string Slug, Guid Cluster, string Name)
{
    /// <summary>What the API server puts before the names and groups it hears from the Hub, so that none is taken for one of its own.</summary>
    private const string Prefix = "codezero:";

    public string Issuer => Hub.GetLeftPart(UriPartial.Authority);

    /// <summary>The audience that is this cluster's alone.</summary>
    public string Audience => AudienceOf(Hub, Organization, Cluster);

    public static string AudienceOf(Uri hub, Guid organization, Guid cluster) => $"{hub.GetLeftPart(UriPartial.Authority)}/orgs/{organization}/clusters/{cluster}";

    /// <summary>For kube-apiserver, where it takes no file (before Kubernetes 1.30, and where a provider offers these alone).</summary>
    public IReadOnlyList<string> Flags =>
    [
        $"--oidc-issuer-url={Issuer}",
        $"--oidc-client-id={Audience}",
        "--oidc-username-claim=email",
        $"--oidc-username-prefix={Prefix}",
        "--oidc-groups-claim=groups",
        $"--oidc-groups-prefix={Prefix}",
        "--oidc-signing-algs=RS256",
    ];

    /// <summary>For kube-apiserver's <c>--authentication-config</c>.</summary>
    public JsonObject Configuration => new()
    {
        ["apiVersion"] = "apiserver.config.k8s.io/v1",
        ["kind"] = "AuthenticationConfiguration",
        ["jwt"] = new JsonArray(new JsonObject
        {
            ["issuer"] = new JsonObject { ["url"] = Issuer, ["audiences"] = new JsonArray(Audience) },
            ["claimMappings"] = new JsonObject { ["username"] = Mapping("email"), ["groups"] = Mapping("groups") },
            ["userValidationRules"] = new JsonArray(
                Rule("!user.username.startsWith('system:')", "no user from outside is one of Kubernetes' own"),
                Rule("user.groups.all(group, !group.startsWith('system:'))", "no group from outside is one of Kubernetes' own")),
        }),
    };

    /// <summary>For people's kubeconfig: kubectl asks czctl for a token.</summary>
    public JsonObject Kubeconfig => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Config",
        ["users"] = new JsonArray(new JsonObject
        {
            ["name"] = $"codezero-{Name}",
            ["user"] = new JsonObject
            {
                ["exec"] = new JsonObject
                {
                    ["apiVersion"] = ExecCredential.Version,
                    ["command"] = "czctl",
                    ["args"] = new JsonArray("kube-login", "--hub", Issuer, "--org", Organization.ToString(), "--cluster", Cluster.ToString()),
                    ["installHint"] = "kubectl signs in to this cluster by czctl, the CodeZero command line. Install it, then: czctl login --hub " + Issuer,
                    ["interactiveMode"] = "Never",
                    ["provideClusterInfo"] = false,
                },
            },
        }),
    };

    /// <summary>An example: the organization's developers may edit what is in one namespace.</summary>
    public JsonObject RoleBinding => new()
    {
        ["apiVersion"] = "rbac.authorization.k8s.io/v1",
        ["kind"] = "RoleBinding",
        ["metadata"] = new JsonObject { ["name"] = $"{Slug}-developers", ["namespace"] = "default" },
        ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = "edit" },
        ["subjects"] = new JsonArray(new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "Group", ["name"] = $"{Prefix}{Slug}:developer" }),
    };

    private static JsonObject Mapping(string claim) => new() { ["claim"] = claim, ["prefix"] = Prefix };

    private static JsonObject Rule(string expression, string message) => new() { ["expression"] = expression, ["message"] = message };
}
