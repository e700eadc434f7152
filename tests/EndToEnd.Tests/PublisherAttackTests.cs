using CodeZero.EndToEnd.Tests.Harness;

namespace CodeZero.EndToEnd.Tests;

/// <summary>A malicious publisher gets what the customer approved, within the local policy and the application's namespace.</summary>
public sealed class PublisherAttackTests(PublisherAttackTests.WithPolicy platform) : IClassFixture<PublisherAttackTests.WithPolicy>
{
    [Theory]
    [InlineData("securityContext:\n  privileged: true")]
    [InlineData("securityContext:\n  capabilities:\n    add: [SYS_ADMIN]")]
    [InlineData("volumes:\n  - name: host\n    hostPath: /etc\n    mountPath: /host")]
    public async Task A_manifest_that_asks_for_the_node_cannot_be_published(string wish)
    {
        var outcome = await platform.Person.TryCzctlAsync("app", "publish", platform.Person.Write("node/c6o.yaml", Manifests.Of("node", more: wish)));

        Assert.Equal(1, outcome.ExitCode);
        Assert.Matches(@"c6o\.yaml:\d+:\d+: error manifest\.", outcome.Output + outcome.Error);
    }

    [Fact]
    public async Task Approved_by_the_customer_is_not_beyond_the_customer_s_policy()
    {
        const string ns = "registry";
        await platform.Person.CzctlAsync("app", "publish", platform.Person.Write("miner/c6o.yaml", Manifests.Of("miner", "registry.evil.example/miner:1")));
        var wanted = await platform.RequestAsync(ns, "miner");

        await platform.ApproveAsync(wanted);

        var install = await platform.UntilAsync(ns, install => install.Link("applied").State == "refused");
        Assert.Equal(("done", "policy.registries"), (install.Link("approved").State, install.Link("applied").Code));
        Assert.False(await platform.Cluster.HasNamespaceAsync(ns));
    }

    [Fact]
    public async Task The_cluster_s_own_namespaces_stay_closed_even_to_what_was_approved()
    {
        const string ns = "kube-system";
        var wanted = await platform.RequestAsync(ns);

        await platform.ApproveAsync(wanted);

        await platform.UntilAsync(ns, install => install.Link("applied") is { State: "refused", Code: "policy.namespaces" });
        Assert.DoesNotContain(await platform.Cluster.NamesAsync(ns, "app,deployment,secret"), name => name.Contains("vaultwarden", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_App_written_by_hand_gets_no_privileges_either_and_is_told_so()
    {
        const string ns = "by-hand";
        await platform.Cluster.ApplyAsync($$"""
            apiVersion: v1
            kind: Namespace
            metadata: { name: {{ns}} }
            ---
            apiVersion: system.codezero.io/v1
            kind: App
            metadata: { name: node, namespace: {{ns}} }
            spec:
              provisioner:
                package: '@provisioner/appengine'
                image: nginx:1.27
                ports: [{ port: 8080 }]
                securityContext: { privileged: true }
            """);

        await platform.Cluster.KubectlAsync("-n", ns, "wait", "--for=jsonpath={.status.phase}=Error", "app/node", "--timeout=60s");

        Assert.Contains("policy.privileged", await platform.Cluster.KubectlAsync("-n", ns, "get", "app/node", "-o", "jsonpath={.status.errors}"), StringComparison.Ordinal);
        Assert.DoesNotContain(await platform.Cluster.NamesAsync(ns, "deployment"), name => name.Contains("node", StringComparison.Ordinal));
    }

    /// <summary>A cluster whose owner trusts every registry but one.</summary>
    public sealed class WithPolicy : Platform
    {
        public override async Task InitializeAsync()
        {
            await base.InitializeAsync();
            await DenyRegistryAsync("registry.evil.example");
        }
    }
}
