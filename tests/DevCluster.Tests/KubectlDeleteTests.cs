using CodeZero.Testing;

namespace CodeZero.DevCluster.Tests;

/// <summary>Deleting with kubectl.</summary>
public sealed class KubectlDeleteTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static async Task<Kubectl> WithDeploymentAsync(ClusterFixture cluster)
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("create deployment web --image=nginx:1 --replicas=2");
        await kubectl.RunAsync("rollout status deployment/web --timeout=60s");
        return kubectl;
    }

    [KubectlFact]
    public async Task In_the_background_dependents_follow_their_owner()
    {
        var kubectl = await WithDeploymentAsync(cluster);
        Assert.StartsWith("deployment.apps \"web\" deleted", (await kubectl.RunAsync("delete deployment web --wait=true")).Output);
        await kubectl.RunAsync("wait --for=delete pod -l app=web --timeout=60s");
        await Eventually.HoldsAsync(async () => (await kubectl.RunAsync("get rs,pods -o name")).Output.Length == 0);
    }

    [KubectlFact]
    public async Task In_the_foreground_the_owner_goes_last()
    {
        var kubectl = await WithDeploymentAsync(cluster);
        await kubectl.RunAsync("delete deployment web --cascade=foreground");
        Assert.Equal("", (await kubectl.RunAsync("get deployments,rs,pods -o name")).Output);
    }

    [KubectlFact]
    public async Task Orphans_stay_without_owner()
    {
        var kubectl = await WithDeploymentAsync(cluster);
        await kubectl.RunAsync("delete deployment web --cascade=orphan");
        Assert.Single((await kubectl.RunAsync("get rs -o name")).Rows);
        Assert.Equal("", (await kubectl.RunAsync("get rs -o jsonpath={.items[0].metadata.ownerReferences}")).Output);
        Assert.Equal(2, (await kubectl.RunAsync("get pods -o name")).Rows.Count);
        var pods = (await kubectl.RunAsync("get pods -o jsonpath={.items[*].metadata.uid}")).Output;
        await kubectl.RunAsync("create deployment web --image=nginx:1 --replicas=2");
        await kubectl.RunAsync("rollout status deployment/web --timeout=60s");
        Assert.Equal(pods, (await kubectl.RunAsync("get pods -o jsonpath={.items[*].metadata.uid}")).Output);
    }

    [KubectlFact]
    public async Task A_finalizer_holds_an_object_until_it_is_removed()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("apply -f -", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [example.com/hold]}\n");
        await kubectl.RunAsync("delete configmap held --wait=false");
        Assert.NotEqual("", (await kubectl.RunAsync("get configmap held -o jsonpath={.metadata.deletionTimestamp}")).Output);
        var added = await kubectl.TryAsync("patch configmap held --type=merge -p '{\"metadata\":{\"finalizers\":[\"example.com/hold\",\"example.com/more\"]}}'");
        Assert.Contains("no new finalizers can be added if the object is being deleted", added.Error);
        await kubectl.RunAsync("patch configmap held --type=merge -p '{\"metadata\":{\"finalizers\":null}}'");
        await kubectl.RunAsync("wait --for=delete configmap/held --timeout=30s");
    }

    [KubectlFact]
    public async Task A_deleted_namespace_takes_its_content_along_and_accepts_no_more()
    {
        var name = await cluster.NewNamespaceAsync();
        var kubectl = await cluster.NamespaceAsync(name);
        await kubectl.RunAsync("apply -f -", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [example.com/hold]}\n");
        await kubectl.RunAsync("create deployment web --image=nginx:1");
        await kubectl.RunAsync($"delete namespace {name} --wait=false");
        await kubectl.RunAsync($"wait --for=jsonpath={{.status.phase}}=Terminating namespace/{name} --timeout=30s");
        Assert.Contains("because it is being terminated", (await kubectl.TryAsync("create configmap late")).Error);
        await Eventually.HoldsAsync(async () => (await kubectl.RunAsync("get deployments,pods -o name")).Output.Length == 0, TimeSpan.FromSeconds(60));
        await kubectl.RunAsync("patch configmap held --type=merge -p '{\"metadata\":{\"finalizers\":null}}'");
        await kubectl.RunAsync($"wait --for=delete namespace/{name} --timeout=60s");
    }

    [KubectlFact]
    public async Task The_system_namespaces_stay() =>
        Assert.Contains("this namespace may not be deleted", (await (await cluster.NamespaceAsync()).TryAsync("delete namespace kube-system")).Error);

    [KubectlFact]
    public async Task Many_go_at_once_by_selector()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("create configmap one");
        await kubectl.RunAsync("create configmap two");
        await kubectl.RunAsync("label configmap one two go=yes");
        await kubectl.RunAsync("create configmap three");
        await kubectl.RunAsync("delete configmap -l go=yes");
        Assert.Equal("configmap/three", Assert.Single((await kubectl.RunAsync("get configmap -o name --field-selector metadata.name!=kube-root-ca.crt")).Rows));
    }
}
