using System.Text;
using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Testing;

namespace CodeZero.EndToEnd.Tests;

/// <summary>Sign up, publish, enrol, install, approve, verify, apply, healthy; and back: with czctl as the program that people start.</summary>
public sealed class MainJobTests(MainJobTests.ByProcesses platform) : IClassFixture<MainJobTests.ByProcesses>
{
    [Fact]
    public async Task An_approved_install_becomes_healthy_and_each_link_of_its_chain_has_its_time()
    {
        var before = TimeProvider.System.GetUtcNow().AddSeconds(-1);

        const string ns = "whole-way", named = $"{ns}/{Platform.App}";
        string[] onCluster = ["--cluster", Platform.ClusterName];
        await platform.Person.CzctlAsync(["install", $"{platform.Person.Organization}/{Platform.App}", "--namespace", ns, .. onCluster]);
        await platform.Person.CzctlAsync(["approve", named, "--key", platform.Person.ApproverKey, "--yes", .. onCluster]);

        var shown = await platform.Person.CzctlAsync(["status", named, "--wait", "healthy", "--timeout", "60s", .. onCluster]);

        var install = await platform.FindAsync(ns);
        Assert.Equal(["published", "approved", "fetched", "verified", "applied", "healthy"], install.Chain.Select(link => link.Step));
        Assert.All(install.Chain, link => Assert.Equal("done", link.State));
        Assert.All(install.Chain.Skip(1), link => Assert.True(link.At >= before, $"{link.Step} is said to have been at {link.At}"));
        // It may have been fetched before it was approved; it was verified only then.
        Assert.True(install.Link("approved").At <= install.Link("verified").At && install.Link("verified").At <= install.Link("applied").At && install.Link("applied").At <= install.Link("healthy").At);
        Assert.All(install.Chain, link => Assert.Contains(link.Step, shown.Output, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task The_application_becomes_its_objects_with_the_answers_that_were_given()
    {
        const string ns = "objects";
        await platform.Person.CzctlAsync(
            "install", $"{platform.Person.Organization}/vaultwarden", "--cluster", Platform.ClusterName, "--namespace", ns, "--set", "SIGNUPS_ALLOWED=true");
        await platform.ApproveAsync(await platform.FindAsync(ns));
        await platform.UntilAsync(ns, install => install.Link("healthy").State == "done");

        var names = await platform.Cluster.NamesAsync(ns, "configmap,secret,persistentvolumeclaim,service,deployment");
        Assert.Superset(
            new HashSet<string> { "configmap/vaultwarden-config", "secret/vaultwarden-secret", "persistentvolumeclaim/vaultwarden-vault", "service/vaultwarden", "deployment.apps/vaultwarden" },
            names.ToHashSet());
        var config = (await platform.Cluster.GetAsync(ns, "configmap", "vaultwarden-config")).GetProperty("data");
        Assert.Equal("true", config.GetProperty("SIGNUPS_ALLOWED").GetString());
        Assert.Equal("8080", config.GetProperty("ROCKET_PORT").GetString());
        var pod = (await platform.Cluster.GetAsync(ns, "deployment", "vaultwarden")).GetProperty("spec").GetProperty("template").GetProperty("spec");
        Assert.Equal("vaultwarden/server:1.32.7", pod.GetProperty("containers")[0].GetProperty("image").GetString());
    }

    [Fact]
    public async Task A_generated_secret_is_in_the_cluster_and_nowhere_else()
    {
        const string ns = "secrets";
        await platform.InstallAsync(ns);

        var token = await TokenAsync(ns);
        Assert.Equal(48, token.Length);
        foreach (var kind in new[] { "app", "configmap", "deployment" })
            Assert.DoesNotContain(token, await platform.Cluster.KubectlAsync("-n", ns, "get", kind, "-o", "yaml"), StringComparison.Ordinal);
        Assert.DoesNotContain(token, platform.AgentLog, StringComparison.Ordinal);
        Assert.DoesNotContain(platform.Wire.Requests, request => Encoding.UTF8.GetString(request.Body).Contains(token, StringComparison.Ordinal));
        Assert.Empty(await DatabaseDump.FindAsync(platform.Database, token));
    }

    [Fact]
    public async Task Somebody_else_s_change_is_put_right_and_counted()
    {
        const string ns = "drift";
        await platform.InstallAsync(ns);

        await platform.Cluster.KubectlAsync("-n", ns, "delete", "deployment", "vaultwarden", "--wait=true");

        await platform.Cluster.KubectlAsync("-n", ns, "wait", "--for=create", "deployment/vaultwarden", "--timeout=30s");
        await platform.UntilAsync(ns, install => install is { Drift: > 0 } && install.Link("healthy").State == "done");
    }

    [Fact]
    public async Task Uninstalling_takes_everything_but_the_data_once_it_is_approved()
    {
        const string ns = "leaving";
        var install = await platform.InstallAsync(ns);
        await platform.Person.CzctlAsync("uninstall", $"{ns}/vaultwarden", "--cluster", Platform.ClusterName, "--yes");
        await platform.UntilAsync(ns, seen => seen.Removed && seen.Link("approved") is { State: "refused", Code: "install.unapproved" });
        Assert.Contains("deployment.apps/vaultwarden", await platform.Cluster.NamesAsync(ns, "deployment"));

        await platform.ApproveAsync(await platform.FindAsync(ns));

        await Eventually.GetAsync(() => platform.Person.Api.Installs.GetAsync(platform.Person.Organization, Platform.ClusterName, install.Id), gone => gone.Value.FinishedAt is not null);
        Assert.DoesNotContain(await platform.Cluster.NamesAsync(ns, "app,configmap,secret,service,deployment"), name => name.Contains("vaultwarden", StringComparison.Ordinal));
        Assert.Equal(["persistentvolumeclaim/vaultwarden-vault"], await platform.Cluster.NamesAsync(ns, "persistentvolumeclaim"));
    }

    [Fact]
    public async Task An_install_that_nobody_approved_is_not_written_and_status_says_why()
    {
        const string ns = "unapproved";
        await platform.RequestAsync(ns);
        await platform.UntilAsync(ns, install => install.Link("approved") is { State: "refused", Code: "install.unapproved" });

        var shown = await platform.Person.TryCzctlAsync("status", $"{ns}/vaultwarden", "--cluster", Platform.ClusterName);

        Assert.Contains("install.unapproved", shown.Output, StringComparison.Ordinal);
        Assert.Contains("czctl approve", shown.Output, StringComparison.Ordinal);
        Assert.False(await platform.Cluster.HasNamespaceAsync(ns));
    }

    [Fact]
    public async Task An_approval_by_a_key_that_the_cluster_does_not_know_counts_for_nothing()
    {
        const string ns = "stranger";
        await platform.RequestAsync(ns);
        var strange = platform.Person.ApproverKey + ".strange";
        await platform.Person.CzctlAsync("keys", "create", strange);

        await platform.Person.CzctlAsync("approve", $"{ns}/vaultwarden", "--cluster", Platform.ClusterName, "--key", strange, "--yes");

        await platform.UntilAsync(ns, install => install.Approvals is [_] && install.Link("approved") is { State: "refused", Code: "install.unapproved" });
        Assert.False(await platform.Cluster.HasNamespaceAsync(ns));
    }

    private async Task<string> TokenAsync(string ns) => Encoding.UTF8.GetString(
        (await platform.Cluster.GetAsync(ns, "secret", "vaultwarden-secret")).GetProperty("data").GetProperty("ADMIN_TOKEN").GetBytesFromBase64());

    public sealed class ByProcesses : Platform
    {
        protected override bool StartsProcesses => true;
    }
}
