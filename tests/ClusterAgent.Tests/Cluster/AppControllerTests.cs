using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.Testing;

namespace CodeZero.ClusterAgent.Tests.Cluster;

/// <summary>The controller in a cluster. One test at a time: in a real cluster there is only one.</summary>
[Collection("cluster")]
public sealed class AppControllerTests : IAsyncLifetime
{
    /// <summary>Starts everywhere, listens on nothing, needs nothing.</summary>
    private const string Image = "registry.k8s.io/pause:3.10";

    private const string Full = $$$"""
        {"image":"{{{Image}}}","configs":{"MODE":"a"},"secrets":{"KEY":{"generate":{"length":32} } },"volumes":[{"name":"data","size":"1Gi","mountPath":"/data"}]}
        """;

    private TestCluster _cluster = null!;
    private AppKey _app;

    public async Task InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        _app = new(await _cluster.CreateNamespaceAsync(), "web");
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task An_app_applied_by_kubectl_becomes_objects_and_runs_without_any_hub()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full);

        var status = await _cluster.PhaseAsync(_app, AppPhase.Running);

        Assert.Equal(["ConfigMap web-config", "Secret web-secret", "PersistentVolumeClaim web-data", "Deployment web", "NetworkPolicy web"], await _cluster.ObjectsAsync(_app));
        Assert.Equal((5, 5, 0L), (status.ObjectsReady, status.ObjectsTotal, status.Drift));
        Assert.All(status.Conditions, condition => Assert.True(condition.Holds));
        Assert.Equal(["Rendered", "Permitted", "Routed", "Applied", "Healthy"], status.Conditions.Select(condition => condition.Type));
        Assert.Equal("codezero", (await _cluster.Admin.FindAsync(new(ResourceKind.Namespace, null, _app.Namespace), default))!.Label(AppNames.ManagedByLabel));
        Assert.Contains(AppNames.Finalizer, (await _cluster.Admin.FindAsync(_app.Ref, default))!.Json.Texts("metadata", "finalizers"));
    }

    [Fact]
    public async Task A_generated_secret_stays_and_stands_nowhere_but_in_its_secret()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full);
        await _cluster.PhaseAsync(_app, AppPhase.Running);
        var first = (await _cluster.FindAsync(ResourceKind.Secret, _app, "web-secret"))!.DecodeData()["KEY"];

        await _cluster.ApplyAppAsync(_app, Full.Replace("\"a\"", "\"b\"", StringComparison.Ordinal));
        await Eventually.HoldsAsync(async () => (await _cluster.FindAsync(ResourceKind.ConfigMap, _app, "web-config"))!.Json.Text("data", "MODE") == "b");
        await _cluster.PhaseAsync(_app, AppPhase.Running);

        Assert.Equal(first, (await _cluster.FindAsync(ResourceKind.Secret, _app, "web-secret"))!.DecodeData()["KEY"]);
        Assert.DoesNotContain(first, (await _cluster.Admin.FindAsync(_app.Ref, default))!.Json.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(first, (await _cluster.FindAsync(ResourceKind.Deployment, _app, "web"))!.Json.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_that_an_app_asks_for_is_left_out_in_silence()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, $$$"""{"image":"{{{Image}}}","securityContext":{"privileged":true}}""");
        var refused = await _cluster.PhaseAsync(_app, AppPhase.Error);
        Assert.Equal("policy.privileged", Assert.Single(refused.Errors).Code);

        await _cluster.ApplyAppAsync(_app, $$$"""{"image":"{{{Image}}}","restartPolicy":"Never"}""");
        var running = await _cluster.PhaseAsync(_app, AppPhase.Running);
        var rendered = running.Conditions.Single(condition => condition.Type == AppConditions.Rendered);
        Assert.Equal((true, "Ignored"), (rendered.Holds, rendered.Reason));
        Assert.Contains("spec.provisioner.restartPolicy", rendered.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_deployment_comes_back_and_is_counted()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full);
        await _cluster.PhaseAsync(_app, AppPhase.Running);
        var before = (await _cluster.FindAsync(ResourceKind.Deployment, _app, "web"))!.Uid;

        await _cluster.Admin.DeleteAsync(new(ResourceKind.Deployment, _app.Namespace, "web"), new(), default);

        await Eventually.HoldsAsync(async () => await _cluster.FindAsync(ResourceKind.Deployment, _app, "web") is { } live && live.Uid != before);
        await Eventually.HoldsAsync(async () => await _cluster.StatusAsync(_app) is { Phase: AppPhase.Running, Drift: 1 });
    }

    [Fact]
    public async Task A_field_that_somebody_took_out_is_put_back()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full);
        await _cluster.PhaseAsync(_app, AppPhase.Running);

        await _cluster.Admin.PatchAsync(new(ResourceKind.ConfigMap, _app.Namespace, "web-config"), PatchType.Merge, JsonNode.Parse("""{"data":{"MODE":null}}""")!, new("kubectl"), default);

        await Eventually.HoldsAsync(async () => (await _cluster.FindAsync(ResourceKind.ConfigMap, _app, "web-config"))!.Json.Text("data", "MODE") == "a");
        await Eventually.HoldsAsync(async () => (await _cluster.StatusAsync(_app)).Drift == 1);
    }

    [Fact]
    public async Task What_somebody_else_has_set_is_reported_with_their_name_and_not_overwritten()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full);
        await _cluster.PhaseAsync(_app, AppPhase.Running);

        await _cluster.Admin.PatchAsync(new(ResourceKind.ConfigMap, _app.Namespace, "web-config"), PatchType.Merge, JsonNode.Parse("""{"data":{"MODE":"theirs"}}""")!, new("kubectl-edit"), default);

        var status = await _cluster.PhaseAsync(_app, AppPhase.Degraded);
        Assert.Equal(("apply.conflict", $"ConfigMap {_app.Namespace}/web-config"), (status.Errors[0].Code, status.Errors[0].Object));
        Assert.Contains("kubectl-edit", status.Errors[0].Message, StringComparison.Ordinal);
        Assert.Contains("MODE", status.Errors[0].Message, StringComparison.Ordinal);
        Assert.Equal("theirs", (await _cluster.FindAsync(ResourceKind.ConfigMap, _app, "web-config"))!.Json.Text("data", "MODE"));
    }

    [Fact]
    public async Task When_one_object_fails_the_dry_run_none_is_written()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full);
        await _cluster.PhaseAsync(_app, AppPhase.Running);
        await _cluster.Admin.PatchAsync(new(ResourceKind.ConfigMap, _app.Namespace, "web-config"), PatchType.Merge, JsonNode.Parse("""{"immutable":true}""")!, new("kubectl"), default);
        var deployment = (await _cluster.FindAsync(ResourceKind.Deployment, _app, "web"))!.Generation;

        await _cluster.ApplyAppAsync(_app, Full.Replace("\"a\"", "\"b\"", StringComparison.Ordinal).Replace("3.10", "3.9", StringComparison.Ordinal)
            .Replace("\"secrets\":{", "\"secrets\":{\"NEW\":\"x\",", StringComparison.Ordinal));

        var status = await _cluster.PhaseAsync(_app, AppPhase.Degraded);
        Assert.Equal("apply.invalid", status.Errors[0].Code);
        Assert.Contains("immutable", status.Errors[0].Message, StringComparison.Ordinal);
        Assert.DoesNotContain("NEW", (await _cluster.FindAsync(ResourceKind.Secret, _app, "web-secret"))!.DecodeData().Keys);
        Assert.Equal(deployment, (await _cluster.FindAsync(ResourceKind.Deployment, _app, "web"))!.Generation);
    }

    [Fact]
    public async Task What_the_app_no_longer_has_goes_and_its_data_and_the_protected_stay()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full.Replace("\"configs\"", "\"ports\":8080,\"configs\"", StringComparison.Ordinal), """[{"type":"http","targetService":"web"}]""");
        await Eventually.HoldsAsync(async () => await _cluster.FindAsync(ResourceKind.Ingress, _app, "web") is not null);
        await _cluster.Admin.PatchAsync(new(ResourceKind.Secret, _app.Namespace, "web-secret"), PatchType.Merge,
            JsonNode.Parse("""{"metadata":{"annotations":{"codezero.io/prevent-deletion":"true"}}}""")!, new("kubectl"), default);

        await _cluster.ApplyAppAsync(_app, $$"""{"image":"{{Image}}"}""");

        await Eventually.GetAsync(() => _cluster.ObjectsAsync(_app), objects =>
            objects.SequenceEqual(["Secret web-secret", "PersistentVolumeClaim web-data", "Deployment web", "NetworkPolicy web"]));
        await Eventually.HoldsAsync(async () => (await _cluster.FindAsync(ResourceKind.PersistentVolumeClaim, _app, "web-data"))!.Label(AppNames.RetainedFromLabel) == "web");
    }

    [Theory]
    [InlineData("ConfigMap")]
    [InlineData("Deployment")]
    [InlineData("NetworkPolicy")]
    public async Task An_agent_that_died_between_two_writes_is_continued_by_the_next(string kind)
    {
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full);
        var broke = new TaskCompletionSource();
        await using (new RunningAgent(new FaultyApi(_cluster.Agent, item => item.Kind.Kind == kind && (broke.TrySetResult() || true))))
            await broke.Task.WaitAsync(TimeSpan.FromSeconds(60));
        var written = await _cluster.ObjectsAsync(_app);
        var secret = (await _cluster.FindAsync(ResourceKind.Secret, _app, "web-secret"))?.DecodeData()["KEY"];

        await using var next = new RunningAgent(_cluster.Agent);
        await _cluster.PhaseAsync(_app, AppPhase.Running);

        Assert.DoesNotContain(written, item => item.StartsWith(kind, StringComparison.Ordinal));
        Assert.Equal(5, (await _cluster.ObjectsAsync(_app)).Count);
        if (secret is not null)
            Assert.Equal(secret, (await _cluster.FindAsync(ResourceKind.Secret, _app, "web-secret"))!.DecodeData()["KEY"]);
    }

    [Fact]
    public async Task A_restarted_agent_finds_everything_as_it_left_it_and_writes_nothing()
    {
        await using (var first = new RunningAgent(_cluster.Agent))
        {
            await _cluster.ApplyAppDefinitionAsync();
            await _cluster.ApplyAppAsync(_app, Full);
            await _cluster.PhaseAsync(_app, AppPhase.Running);
        }
        var config = (await _cluster.FindAsync(ResourceKind.ConfigMap, _app, "web-config"))!.ResourceVersion;
        var written = new ConcurrentQueue<string>();

        await using (var second = new RunningAgent(new FaultyApi(_cluster.Agent, item =>
        {
            if (item.Label(AppNames.IdLabel) is not null)
                written.Enqueue($"{item.Kind.Kind} {item.Name}");
            return false;
        })))
        {
            // Something to do, so that the wait has an end.
            await _cluster.Admin.DeleteAsync(new(ResourceKind.NetworkPolicy, _app.Namespace, "web"), new(), default);
            await Eventually.HoldsAsync(async () => (await _cluster.StatusAsync(_app)).Drift == 1);
        }

        Assert.Equal(["NetworkPolicy web"], written);
        Assert.Equal(config, (await _cluster.FindAsync(ResourceKind.ConfigMap, _app, "web-config"))!.ResourceVersion);
    }

    [Fact]
    public async Task What_a_dead_agent_had_written_is_known_to_the_next_also_when_the_app_has_changed()
    {
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full);
        var broke = new TaskCompletionSource();
        await using (new RunningAgent(new FaultyApi(_cluster.Agent, item => item.Kind == ResourceKind.Deployment && (broke.TrySetResult() || true))))
            await broke.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.NotNull(await _cluster.FindAsync(ResourceKind.ConfigMap, _app, "web-config"));

        await _cluster.ApplyAppAsync(_app, $$"""{"image":"{{Image}}"}""");
        await using var next = new RunningAgent(_cluster.Agent);
        await _cluster.PhaseAsync(_app, AppPhase.Running);

        Assert.Null(await _cluster.FindAsync(ResourceKind.ConfigMap, _app, "web-config"));
        Assert.Null(await _cluster.FindAsync(ResourceKind.Secret, _app, "web-secret"));
    }

    [Fact]
    public async Task A_refusal_by_the_policy_writes_nothing_and_ends_with_the_policy()
    {
        await _cluster.SetRulesAsync("codezero-policy", "policy.yaml", "registries: {allowed: [ghcr.io/acme]}");
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full);

        var status = await _cluster.PhaseAsync(_app, AppPhase.Error);
        Assert.Equal("policy.registries", status.Errors[0].Code);
        Assert.Contains("containers[0].image", status.Errors[0].Message, StringComparison.Ordinal);
        Assert.Empty(await _cluster.ObjectsAsync(_app));

        await _cluster.SetRulesAsync("codezero-policy", "policy.yaml", "registries: {alowed: []}");
        await Eventually.HoldsAsync(async () => (await _cluster.StatusAsync(_app)).Errors is [{ Code: "policy.unreadable" }]);
        Assert.Empty(await _cluster.ObjectsAsync(_app));

        await _cluster.SetRulesAsync("codezero-policy", "policy.yaml", "registries: {allowed: [registry.k8s.io]}");
        await _cluster.PhaseAsync(_app, AppPhase.Running);
    }

    [Fact]
    public async Task A_namespace_with_other_things_in_it_is_left_alone_until_the_policy_lists_it()
    {
        var service = new KubernetesObject(ResourceKind.Service, _app.Namespace, "theirs");
        service.Json["spec"] = JsonNode.Parse("""{"ports":[{"port":80}]}""");
        await _cluster.Admin.CreateAsync(service, new("kubectl"), default);
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full);

        var status = await _cluster.PhaseAsync(_app, AppPhase.Error);
        Assert.Equal("namespace.foreign", status.Errors[0].Code);
        Assert.Contains("theirs", status.Errors[0].Message, StringComparison.Ordinal);
        Assert.Null(await _cluster.FindAsync(ResourceKind.ServiceAccount, _app, AppNames.ServiceAccount));

        await _cluster.SetRulesAsync("codezero-policy", "policy.yaml", $"namespaces: {{allowed: [{_app.Namespace}]}}");
        await _cluster.PhaseAsync(_app, AppPhase.Running);
    }

    [Fact]
    public async Task An_uninstalled_app_leaves_its_data_which_the_next_of_its_name_takes_up()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full);
        await _cluster.PhaseAsync(_app, AppPhase.Running);
        var claim = (await _cluster.FindAsync(ResourceKind.PersistentVolumeClaim, _app, "web-data"))!;

        await _cluster.Admin.DeleteAsync(_app.Ref, new(), default);
        await Eventually.HoldsAsync(async () => await _cluster.Admin.FindAsync(_app.Ref, default) is null);

        Assert.Equal(["PersistentVolumeClaim web-data"], await _cluster.ObjectsAsync(_app));
        Assert.Null(await _cluster.FindAsync(ResourceKind.Secret, _app, "codezero-inventory-web"));
        Assert.Equal("web", (await _cluster.FindAsync(ResourceKind.PersistentVolumeClaim, _app, "web-data"))!.Label(AppNames.RetainedFromLabel));

        await _cluster.ApplyAppAsync(_app, Full);
        await _cluster.PhaseAsync(_app, AppPhase.Running);
        var again = (await _cluster.FindAsync(ResourceKind.PersistentVolumeClaim, _app, "web-data"))!;
        Assert.Equal((claim.Uid, null), (again.Uid, again.Label(AppNames.RetainedFromLabel)));
    }

    [Fact]
    public async Task An_app_uninstalled_with_its_data_leaves_nothing()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full.Replace("\"configs\"", "\"deprovision\":{\"keep-vol\":false},\"configs\"", StringComparison.Ordinal));
        await _cluster.PhaseAsync(_app, AppPhase.Running);

        await _cluster.Admin.DeleteAsync(_app.Ref, new(), default);

        await Eventually.HoldsAsync(async () => await _cluster.Admin.FindAsync(_app.Ref, default) is null);
        await Eventually.GetAsync(() => _cluster.ObjectsAsync(_app), objects => objects.Count == 0);
    }

    [Fact]
    public async Task A_deleted_namespace_is_not_held_up_by_its_apps()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, Full);
        await _cluster.PhaseAsync(_app, AppPhase.Running);

        var target = new ObjectRef(ResourceKind.Namespace, null, _app.Namespace);
        await _cluster.Admin.DeleteAsync(target, new(), default);

        await Eventually.HoldsAsync(async () => await _cluster.Admin.FindAsync(target, default) is null, TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task An_app_that_does_not_get_healthy_in_time_fails_with_its_containers_reason()
    {
        await using var cluster = await TestCluster.StartAsync(new() { PodStartDelay = TimeSpan.FromHours(1) });
        var app = new AppKey(await cluster.CreateNamespaceAsync(), "web");
        await using var agent = new RunningAgent(cluster.Agent, RunningAgent.Quick with { ReadyDeadline = TimeSpan.FromSeconds(cluster.RunsContainers ? 20 : 2) });
        await cluster.ApplyAppDefinitionAsync();
        await cluster.ApplyAppAsync(app, """{"image":"registry.invalid/no/such:1"}""");
        if (!cluster.RunsContainers)
            await FailToPullAsync(cluster, app);

        var status = await cluster.PhaseAsync(app, AppPhase.Error);

        Assert.Matches("^health[.](ErrImagePull|ImagePullBackOff)$", status.Errors[0].Code);
        Assert.Contains("Container web", status.Errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_that_this_agent_cannot_install_says_so_and_can_be_deleted()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.ApplyAppAsync(_app, """{"package":"@provisioner/kafka"}""");
        var status = await _cluster.PhaseAsync(_app, AppPhase.Error);
        Assert.Equal("provisioner.unsupported", status.Errors[0].Code);

        await _cluster.Admin.DeleteAsync(_app.Ref, new(), default);

        await Eventually.HoldsAsync(async () => await _cluster.Admin.FindAsync(_app.Ref, default) is null);
    }

    [Fact]
    public async Task An_object_of_somebody_else_is_not_taken_over()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        var map = new KubernetesObject(ResourceKind.ConfigMap, _app.Namespace, "web-config");
        map.Json["data"] = new JsonObject { ["MODE"] = "a" };
        await _cluster.Admin.ApplyAsync(map, new("kubectl"), default);

        await _cluster.ApplyAppAsync(_app, Full);

        var status = await _cluster.PhaseAsync(_app, AppPhase.Error);
        Assert.Equal("apply.conflict", status.Errors[0].Code);
        Assert.Contains("kubectl", status.Errors[0].Message, StringComparison.Ordinal);
        Assert.Empty(await _cluster.ObjectsAsync(_app));
    }

    /// <summary>What a kubelet writes when there is no such image.</summary>
    private static async Task FailToPullAsync(TestCluster cluster, AppKey app)
    {
        var pods = await Eventually.GetAsync(() => cluster.Admin.ListAsync(ResourceKind.Pod, new(app.Namespace, $"{AppNames.IdLabel}={app.Id}"), default), list => list.Items.Count > 0);
        await cluster.Admin.PatchAsync(pods.Items[0].Ref, PatchType.Merge, JsonNode.Parse("""
            {"status":{"containerStatuses":[{"name":"web","image":"registry.invalid/no/such:1","imageID":"","ready":false,"restartCount":0,
              "state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image"}}}]}}
            """)!, new("kubelet", Subresource: "status"), default);
    }
}
