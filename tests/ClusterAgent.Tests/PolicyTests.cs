using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.ClusterAgent.Policy;
using static CodeZero.ClusterAgent.Tests.Rendering;

namespace CodeZero.ClusterAgent.Tests;

public class PolicyTests
{
    [Theory]
    [InlineData("hostNetwork: true", "spec.template.spec.hostNetwork")]
    [InlineData("hostPID: true", "spec.template.spec.hostPID")]
    [InlineData("hostIPC: \"true\"", "spec.template.spec.hostIPC")]
    [InlineData("containers: [{image: x, securityContext: {privileged: true}}]", "spec.template.spec.containers[0].securityContext.privileged")]
    [InlineData("initContainers: [{image: x, securityContext: {allowPrivilegeEscalation: true}}]", "spec.template.spec.initContainers[0].securityContext.allowPrivilegeEscalation")]
    [InlineData("containers: [{image: x, securityContext: {capabilities: {add: [NET_ADMIN]}}}]", "spec.template.spec.containers[0].securityContext.capabilities.add")]
    [InlineData("containers: [{image: x, ports: [{containerPort: 80, hostPort: 80}]}]", "spec.template.spec.containers[0].ports")]
    [InlineData("containers: [{image: x, securityContext: {seccompProfile: {type: Unconfined}}}]", "spec.template.spec.containers[0].securityContext.seccompProfile")]
    [InlineData("securityContext: {sysctls: [{name: kernel.msgmax, value: '1'}]}", "spec.template.spec.securityContext.sysctls")]
    public void A_pod_that_steps_out_of_its_isolation_is_refused_by_field(string pod, string field)
    {
        var refusal = Assert.Single(Check(LocalPolicy.Default, Workload(pod)));

        Assert.Equal(("policy.privileged", field), (refusal.Code, refusal.Field));
        Assert.Contains(LocalPolicy.ConfigMapName, refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Check(LocalPolicy.Default with { Privileged = true }, Workload(pod)));
    }

    [Theory]
    [InlineData("""{"provisioner":{"securityContext":{"privileged":true}}}""", "spec.provisioner.securityContext.privileged")]
    [InlineData("""{"securityContext":{"allowPrivilegeEscalation":true},"provisioner":{}}""", "spec.securityContext.allowPrivilegeEscalation")]
    [InlineData("""{"provisioner":{"securityContext":{"capabilities":{"add":["SYS_ADMIN"]}}}}""", "spec.provisioner.securityContext.capabilities.add")]
    [InlineData("""{"provisioner":{"hostNetwork":true}}""", "spec.provisioner.hostNetwork")]
    [InlineData("""{"provisioner":{"containers":[{"securityContext":{"privileged":true}}]}}""", "spec.provisioner.containers[0].securityContext.privileged")]
    public void An_app_that_asks_to_step_out_of_its_isolation_is_refused_though_no_provisioner_would_grant_it(string spec, string field)
    {
        var app = Object($$$"""{"apiVersion":"system.codezero.io/v1","kind":"App","metadata":{"name":"web","namespace":"demo"},"spec":{{{spec}}}}""");

        Assert.Equal(("policy.privileged", field), PodPolicy.CheckWishes(LocalPolicy.Default, app).Select(refusal => (refusal.Code, refusal.Field)).Single());
        Assert.Empty(PodPolicy.CheckWishes(LocalPolicy.Default with { Privileged = true }, app));
    }

    [Fact]
    public void What_an_app_may_say_of_its_users_is_no_wish_for_more() => Assert.Empty(PodPolicy.CheckWishes(LocalPolicy.Default, Object(
        """{"apiVersion":"system.codezero.io/v1","kind":"App","metadata":{"name":"web","namespace":"demo"},"spec":{"provisioner":{"configs":{"hostNetwork":"true"},"securityContext":{"runAsUser":1000}}}}""")));

    [Fact]
    public void Harmless_capabilities_are_not_refused() =>
        Assert.Empty(Check(LocalPolicy.Default, Workload("containers: [{image: x, securityContext: {allowPrivilegeEscalation: false, capabilities: {add: [NET_BIND_SERVICE], drop: [ALL]}}}]")));

    [Fact]
    public void A_path_of_the_node_is_refused() =>
        Assert.Equal("policy.hostPath", Assert.Single(Check(LocalPolicy.Default, Workload("containers: [{image: x}], volumes: [{name: v, hostPath: {path: /}}]"))).Code);

    [Fact]
    public void A_custom_kind_cannot_carry_a_pod_past_the_rules()
    {
        var hidden = Object("""{"apiVersion":"x.io/v1","kind":"Rollout","metadata":{"name":"r","namespace":"demo"},"spec":{"deep":[{"template":{"containers":[{"image":"x","securityContext":{"privileged":true}}]}}]}}""");

        Assert.Equal("spec.deep[0].template.containers[0].securityContext.privileged", Assert.Single(Check(LocalPolicy.Default, hidden)).Field);
    }

    [Theory]
    [InlineData("redis", true)]
    [InlineData("library/redis", true)]
    [InlineData("docker.io/library/redis:7", true)]
    [InlineData("docker.io/evil/redis", false)]
    [InlineData("ghcr.io/acme/app@sha256:0000000000000000000000000000000000000000000000000000000000000000", true)]
    [InlineData("ghcr.io/acmeevil/app", false)]
    [InlineData("not an image", false)]
    public void Images_come_from_allowed_registries_only(string image, bool allowed)
    {
        var policy = LocalPolicy.Default with { Registries = new(["docker.io/library", "ghcr.io/acme"], []) };

        Assert.Equal(allowed, !Check(policy, Workload($"containers: [{{image: \"{image}\"}}]")).Any());
    }

    /// <summary>Another way to write what is denied is denied too.</summary>
    [Theory]
    [InlineData("ghcr.io/evil", "ghcr.io/evil/x")]
    [InlineData("ghcr.io/evil", "GHCR.io/evil/x")]
    [InlineData("ghcr.io/evil", "ghcr.io:443/evil/x")]
    [InlineData("GHCR.IO:443/evil/", "ghcr.io/evil/x")]
    [InlineData("docker.io", "nginx")]
    [InlineData("docker.io", "index.docker.io/acme/nginx")]
    [InlineData("docker.io", "registry-1.docker.io/acme/nginx")]
    [InlineData("docker.io/library", "docker.io/nginx")]
    [InlineData("index.docker.io/library", "nginx")]
    public void Images_from_denied_registries_are_refused_however_they_are_written(string denied, string image)
    {
        var policy = LocalPolicy.Default with { Registries = new(null, [denied]) };

        Assert.NotEmpty(Check(policy, Workload($"containers: [{{image: \"{image}\"}}]")));
        Assert.Empty(Check(policy, Workload("containers: [{image: \"quay.io/acme/app:1\"}]")));
    }

    [Fact]
    public void Kinds_and_scopes_are_held_to_the_policy()
    {
        var role = Object("""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"r"}}""");
        var map = Object("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m","namespace":"other"}}""");

        Assert.Contains(PolicyCheck.Objects(LocalPolicy.Default, "demo", [role], _ => false), refusal => refusal.Code == "policy.clusterScoped");
        Assert.Equal("policy.namespaces", Assert.Single(Check(LocalPolicy.Default, map)).Code);
        Assert.Equal("policy.kinds", Assert.Single(Check(LocalPolicy.Default with { Kinds = new(null, ["ConfigMap"]) }, Clone(map))).Code);
        Assert.Equal("policy.kinds", Assert.Single(Check(LocalPolicy.Default with { Kinds = new(["apps/*"], []) }, Clone(map))).Code);
        Assert.Equal("policy.kinds", Assert.Single(PolicyCheck.Objects(LocalPolicy.Default, "demo", [Clone(map)], _ => null)).Code);

        static KubernetesObject Clone(KubernetesObject item)
        {
            var clone = item.Clone();
            clone.Metadata["namespace"] = "demo";
            return clone;
        }
    }

    [Theory]
    [InlineData("""{"kind":"Role","rules":[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]}""", null)]
    [InlineData("""{"kind":"Role","rules":[{"apiGroups":[""],"resources":["*"],"verbs":["get"]}]}""", "rules[0].resources")]
    [InlineData("""{"kind":"Role","rules":[{"apiGroups":[""],"resources":["serviceaccounts"],"verbs":["impersonate"]}]}""", "rules[0].verbs")]
    [InlineData("""{"kind":"Role","rules":[{"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles"],"verbs":["create"]}]}""", "rules[0].resources")]
    [InlineData("""{"kind":"RoleBinding","roleRef":{"kind":"ClusterRole","name":"cluster-admin"},"subjects":[]}""", "roleRef")]
    [InlineData("""{"kind":"RoleBinding","roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"User","name":"eve"}]}""", "subjects")]
    [InlineData("""{"kind":"RoleBinding","roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"ServiceAccount","name":"a","namespace":"demo"}]}""", null)]
    public void Roles_stay_within_what_edit_holds(string json, string? field)
    {
        var role = Object(json);
        role.Json["apiVersion"] = "rbac.authorization.k8s.io/v1";
        role.Json["metadata"] = new JsonObject { ["name"] = "r", ["namespace"] = "demo" };

        Assert.Equal(field, Check(LocalPolicy.Default, role).FirstOrDefault()?.Field);
        Assert.NotEmpty(Check(LocalPolicy.Default with { Rbac = false }, role));
    }

    [Theory]
    [InlineData("kube-system", false)]
    [InlineData("codezero-system", false)]
    [InlineData("team-a", true)]
    [InlineData("secret-stuff", false)]
    public void Namespaces_are_held_to_the_policy(string ns, bool allowed)
    {
        var policy = LocalPolicy.Default with { Namespaces = new(["team-*", "kube-system", "secret-stuff"], ["secret-*"]) };

        Assert.Equal(allowed, !PolicyCheck.App(policy, ns, "codezero-system", null).Any());
    }

    [Fact]
    public void With_a_list_of_publishers_an_app_must_name_one_of_them()
    {
        var policy = LocalPolicy.Default with { Publishers = new(["acme"], []) };

        Assert.Empty(PolicyCheck.App(policy, "a", "s", "acme"));
        Assert.Single(PolicyCheck.App(policy, "a", "s", "eve"));
        Assert.Single(PolicyCheck.App(policy, "a", "s", null));
    }

    [Fact]
    public void A_policy_is_read_as_written()
    {
        var (policy, refusal) = PolicyReader.Read(Policy("""
            kinds: {denied: [Secret]}
            namespaces:
              allowed: [team-*]
            registries: {allowed: [ghcr.io/acme]}
            publishers: {allowed: [acme]}
            clusterScoped: [Namespace]
            privileged: true
            hostPath: true
            rbac: false
            """));

        Assert.Null(refusal);
        Assert.Equal((true, true, false), (policy!.Privileged, policy.HostPath, policy.Rbac));
        Assert.Equal(["Secret"], policy.Kinds.Denied);
        Assert.Equal(["team-*"], policy.Namespaces.Allowed);
        Assert.Equal(["Namespace"], policy.ClusterScoped);
    }

    [Theory]
    [InlineData("privilegd: true", "privilegd")]
    [InlineData("privileged: yes", "privileged")]
    [InlineData("registries: [ghcr.io]", "registries")]
    [InlineData("registries: {allow: [ghcr.io]}", "registries.allow")]
    [InlineData("registries: {allowed: ghcr.io}", "registries.allowed")]
    [InlineData("registries: {allowed: [1]}", "registries.allowed")]
    [InlineData("a: [", "")]
    [InlineData("--- {}\n--- {}", "")]
    [InlineData("text", "")]
    public void A_policy_that_is_not_understood_refuses_everything(string text, string field)
    {
        var (policy, refusal) = PolicyReader.Read(Policy(text));

        Assert.Null(policy);
        Assert.Equal((LocalPolicy.Unreadable, field), (refusal!.Code, refusal.Field));
    }

    [Fact]
    public void No_policy_is_the_default_and_a_config_map_without_the_key_is_unreadable()
    {
        Assert.Same(LocalPolicy.Default, PolicyReader.Read(null).Policy);
        Assert.NotNull(PolicyReader.Read(Object("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"codezero-policy"},"data":{"policy.yml":"privileged: false"}}""")).Refusal);
    }

    private static IEnumerable<PolicyRefusal> Check(LocalPolicy policy, KubernetesObject item) => PolicyCheck.Objects(policy, "demo", [item], _ => true);

    private static KubernetesObject Policy(string text)
    {
        var map = new KubernetesObject(ResourceKind.ConfigMap, "codezero-system", LocalPolicy.ConfigMapName);
        map.Json["data"] = new JsonObject { [LocalPolicy.Key] = text };
        return map;
    }

    /// <summary>A Deployment whose pod has these members, in YAML flow style.</summary>
    private static KubernetesObject Workload(string pod)
    {
        var read = AppManifest.Yaml.YamlReader.Read(System.Text.Encoding.UTF8.GetBytes($"{{{pod}}}"), "pod");
        Assert.Empty(read.Diagnostics);
        var workload = new KubernetesObject(ResourceKind.Deployment, "demo", "web");
        var spec = (JsonObject)ToJson(read.Documents[0])!;
        spec.TryAdd("containers", new JsonArray(new JsonObject { ["image"] = "x" }));
        workload.Json["spec"] = new JsonObject { ["template"] = new JsonObject { ["spec"] = spec } };
        return workload;
    }

    private static JsonNode? ToJson(AppManifest.Yaml.YamlNode node) => node switch
    {
        AppManifest.Yaml.YamlMapping mapping => new JsonObject(mapping.Entries.Select(entry => KeyValuePair.Create(entry.Key, ToJson(entry.Value)))),
        AppManifest.Yaml.YamlSequence sequence => new JsonArray([.. sequence.Items.Select(ToJson)]),
        AppManifest.Yaml.YamlScalar { Kind: not AppManifest.Yaml.YamlKind.Text } scalar => JsonNode.Parse(scalar.Text),
        var scalar => ((AppManifest.Yaml.YamlScalar)scalar).Text,
    };
}
