using System.Text.Json.Nodes;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.Testing;

namespace CodeZero.ClusterAgent.Tests.Cluster;

/// <summary>What the Hub link sees of the Apps.</summary>
[Collection("cluster")]
public sealed class AppStoreTests : IAsyncLifetime
{
    private const string Spec = """
        {"provisioner":{"package":"@provisioner/appengine","image":"registry.k8s.io/pause:3.10","flow":[{"prompts":[
          {"type":"input","name":"GREETING","message":"g","default":"hello"},{"type":"password","name":"PASSWORD","message":"p"}]}]}}
        """;

    private TestCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await TestCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task An_install_gets_its_namespace_its_answers_and_its_app_and_is_followed_to_the_end()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        var install = Install(new() { ["GREETING"] = "good day", ["PASSWORD"] = "hidden" });
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var running = FirstAsync(agent.Store, snapshot => snapshot.Key == install.Key && snapshot.Status.Phase == AppPhase.Running, stop.Token);

        Assert.Empty((await agent.Store.PutAsync(install, default)).Problems);

        var snapshot = await running;
        Assert.Equal((install.InstallId, "1.2.3", install.Manifest.ToString(), "stable"), (snapshot.InstallId, snapshot.Version, snapshot.ManifestDigest, snapshot.Edition));
        Assert.Equal("good day", (await _cluster.FindAsync(ResourceKind.ConfigMap, install.Key, "web-config"))!.Json.Text("data", "GREETING"));
        Assert.Equal("hidden", (await _cluster.FindAsync(ResourceKind.Secret, install.Key, "web-secret"))!.DecodeData()["PASSWORD"]);
        Assert.DoesNotContain("hidden", (await _cluster.Admin.FindAsync(install.Key.Ref, default))!.Json.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(install.Key, Assert.Single(await agent.Store.ListAsync(default)).Key);
    }

    [Fact]
    public async Task Answers_are_written_also_when_the_API_server_is_slow_to_take_up_the_namespaces_role()
    {
        // A real API server decides by a cache: right after the binding it refused the answers, and the install was reported as forbidden.
        await using var cluster = await TestCluster.StartAsync(new() { AuthorizationDelay = TimeSpan.FromSeconds(1) });
        await using var agent = new RunningAgent(cluster.Agent);
        await cluster.ApplyAppDefinitionAsync();
        var install = Install(new() { ["GREETING"] = "hello" }) with { Key = new(cluster.NewNamespace(), "web") };

        Assert.Empty((await agent.Store.PutAsync(install, default)).Problems);

        Assert.NotNull(await cluster.FindAsync(ResourceKind.Secret, install.Key, "web-answers"));
    }

    [Fact]
    public async Task New_answers_change_the_app_without_a_change_of_its_spec()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        var install = Install(new() { ["GREETING"] = "one" });
        Assert.Empty((await agent.Store.PutAsync(install, default)).Problems);
        await _cluster.PhaseAsync(install.Key, AppPhase.Running);

        Assert.Empty((await agent.Store.PutAsync(install with { Answers = new Dictionary<string, string> { ["GREETING"] = "two" } }, default)).Problems);
        await Eventually.HoldsAsync(async () => (await _cluster.FindAsync(ResourceKind.ConfigMap, install.Key, "web-config"))!.Json.Text("data", "GREETING") == "two");

        Assert.Empty((await agent.Store.PutAsync(install with { Answers = null }, default)).Problems);
        await Eventually.HoldsAsync(async () => (await _cluster.FindAsync(ResourceKind.ConfigMap, install.Key, "web-config"))!.Json.Text("data", "GREETING") == "hello");
    }

    [Fact]
    public async Task What_the_policy_refuses_is_told_before_anything_is_written()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        await _cluster.SetRulesAsync("codezero-policy", "policy.yaml", "publishers: {denied: [acme]}");
        var install = Install([]);

        Assert.Equal("policy.publishers", Assert.Single(await agent.Store.CheckAsync(install, default)).Code);
        Assert.Equal("policy.publishers", Assert.Single((await agent.Store.PutAsync(install, default)).Problems).Code);

        Assert.Null(await _cluster.Admin.FindAsync(new(ResourceKind.Namespace, null, install.Key.Namespace), default));
    }

    [Fact]
    public async Task An_app_of_another_install_or_of_a_person_is_not_touched()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        var install = Install([]);
        Assert.Empty((await agent.Store.PutAsync(install, default)).Problems);

        Assert.Equal("install.name_taken", Assert.Single((await agent.Store.PutAsync(install with { InstallId = "other" }, default)).Problems).Code);
        await agent.Store.RemoveAsync(install.Key, "other", deleteVolumes: true, default);
        Assert.False((await agent.Store.FindAsync(install.Key, default))!.IsRemoving);
    }

    [Fact]
    public async Task A_removed_install_is_followed_until_it_is_gone()
    {
        await using var agent = new RunningAgent(_cluster.Agent);
        await _cluster.ApplyAppDefinitionAsync();
        var install = Install([]);
        Assert.Empty((await agent.Store.PutAsync(install, default)).Problems);
        await _cluster.PhaseAsync(install.Key, AppPhase.Running);
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var gone = FirstAsync(agent.Store, snapshot => snapshot.Key == install.Key && snapshot.IsGone, stop.Token);

        await agent.Store.RemoveAsync(install.Key, install.InstallId, deleteVolumes: false, default);

        Assert.Equal(install.Key, (await gone).Key);
        Assert.Null(await agent.Store.FindAsync(install.Key, default));
        Assert.Null(await _cluster.FindAsync(ResourceKind.Secret, install.Key, "web-answers"));
    }

    private AppInstall Install(Dictionary<string, string> answers) => new(
        "019aa000-0000-7000-8000-000000000001", new(_cluster.NewNamespace(), "web"), Digest.Of("install"u8), "acme", "stable", "1.2.3", Digest.Of("manifest"u8), null,
        ["greeter"], (JsonObject)JsonNode.Parse(Spec)!, answers);

    private static async Task<AppSnapshot> FirstAsync(IAppStore store, Predicate<AppSnapshot> match, CancellationToken ct)
    {
        await foreach (var snapshot in store.ChangesAsync(ct))
            if (match(snapshot))
                return snapshot;
        throw new InvalidOperationException("The changes ended.");
    }
}
