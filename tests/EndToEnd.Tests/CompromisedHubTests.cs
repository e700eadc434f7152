using CodeZero.AgentProtocol;
using CodeZero.AppManifest;
using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Testing;

namespace CodeZero.EndToEnd.Tests;

/// <summary>Who can write to the Hub's database, or is in its process, deploys nothing in a cluster that asks for approvals.</summary>
public sealed class CompromisedHubTests(Platform platform) : IClassFixture<Platform>
{
    private static readonly Application Evil = SignedStates.Canonical(Manifests.Of(Platform.App, "registry.evil.example/miner:1"));

    [Fact]
    public async Task Other_content_under_an_approved_install_is_refused_and_the_approved_one_runs_on()
    {
        const string ns = "swapped";
        await platform.InstallAsync(ns);
        await platform.SqlAsync<int>(
            "insert into clusters.blobs select organization_id, $2, $3, now() from clusters.installs where namespace = $1", ns, Evil.Digest.ToString(), Evil.Canonical.ToArray());
        await platform.SqlAsync<int>("update clusters.installs set manifest = $2, version = '6.6.6' where namespace = $1", ns, Evil.Digest.ToString());

        // Whatever next gives the cluster a new state has the Hub sign what its database says.
        await platform.RequestAsync("trigger-swapped");

        await platform.UntilAsync(ns, install => install.Chain.Any(link => link.Code == RefusalCode.InstallUnapproved));
        Assert.Equal("vaultwarden/server:1.32.7", await platform.Cluster.KubectlAsync(
            "-n", ns, "get", "deployment", "vaultwarden", "-o", "jsonpath={.spec.template.spec.containers[0].image}"));
    }

    [Fact]
    public async Task An_install_written_into_the_database_with_the_approval_of_another_is_refused()
    {
        const string ns = "approved-one", forged = "forged-one";
        await platform.InstallAsync(ns);
        await platform.SqlAsync<int>("""
            insert into clusters.installs
            select (jsonb_populate_record(install, jsonb_build_object('id', gen_random_uuid(), 'namespace', $2::text, 'observed', null, 'served_at', null))).*
            from clusters.installs install where namespace = $1
            """, ns, forged);

        await platform.RequestAsync("trigger-forged");

        await platform.UntilAsync(forged, install => install.Link("approved") is { State: "refused", Code: RefusalCode.InstallUnapproved });
        Assert.False(await platform.Cluster.HasNamespaceAsync(forged));
    }
}

/// <summary>The Hub's own key does not deploy what nobody approved.</summary>
public sealed class HubInWrongHandsTests(Platform platform) : IClassFixture<Platform>
{
    [Fact]
    public async Task In_mode_approved_the_Hub_s_own_key_deploys_nothing()
    {
        const string running = "running", ns = "from-inside";
        await platform.InstallAsync(running);

        var hub = await HubInWrongHands.DeployAsync(platform, SignedStates.Canonical(Manifests.Of("miner")), ns);

        await Eventually.HoldsAsync(() => hub.Refusals.Contains(RefusalCode.InstallUnapproved));
        Assert.False(await platform.Cluster.HasNamespaceAsync(ns));
        // The forged state leaves the real install out; only a state that says "removed", approved, takes it away.
        await platform.Cluster.KubectlAsync("-n", running, "wait", "--for=condition=Available", "deployment/vaultwarden", "--timeout=10s");
    }
}

/// <summary>In mode hub its key is enough, and the local policy is what bounds it.</summary>
public sealed class HubInWrongHandsInModeHubTests(HubInWrongHandsInModeHubTests.InModeHub platform) : IClassFixture<HubInWrongHandsInModeHubTests.InModeHub>
{
    [Fact]
    public async Task It_deploys_within_the_local_policy()
    {
        const string ns = "within";
        var hub = await HubInWrongHands.DeployAsync(platform, SignedStates.Canonical(Manifests.Of("guest")), ns);

        await Eventually.HoldsAsync(() => hub.Report is { Phase: InstallPhase.Healthy });

        Assert.Contains("deployment.apps/guest", await platform.Cluster.NamesAsync(ns, "deployment"));
    }

    [Fact]
    public async Task It_does_not_deploy_what_the_local_policy_forbids()
    {
        const string ns = "beyond";
        var hub = await HubInWrongHands.DeployAsync(platform, SignedStates.Canonical(Manifests.Of("miner", "registry.evil.example/miner:1")), ns);

        await Eventually.HoldsAsync(() => hub.Refusals.Contains("policy.registries"));

        Assert.False(await platform.Cluster.HasNamespaceAsync(ns));
    }

    [Fact]
    public async Task It_does_not_deploy_into_the_cluster_s_own_namespaces()
    {
        foreach (var ns in new[] { "kube-system", KubernetesCluster.AgentNamespace })
        {
            var hub = await HubInWrongHands.DeployAsync(platform, SignedStates.Canonical(Manifests.Of("rootkit")), ns);

            await Eventually.HoldsAsync(() => hub.Refusals.Contains("policy.namespaces"));

            Assert.DoesNotContain(await platform.Cluster.NamesAsync(ns, "app,deployment"), name => name.EndsWith("/rootkit", StringComparison.Ordinal));
        }
    }

    /// <summary>A cluster whose owner trusts the Hub's signature alone, and only one registry.</summary>
    public sealed class InModeHub : Platform
    {
        protected override string Mode => "hub";

        public override async Task InitializeAsync()
        {
            await base.InitializeAsync();
            await DenyRegistryAsync("registry.evil.example");
            await InstallAsync("pattern");
        }
    }
}
