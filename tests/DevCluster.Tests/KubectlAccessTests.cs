using CodeZero.Testing;

namespace CodeZero.DevCluster.Tests;

/// <summary>Rights, seen through kubectl.</summary>
public sealed class KubectlAccessTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [KubectlFact]
    public async Task Rights_are_what_roles_and_bindings_say()
    {
        var kubectl = await cluster.NamespaceAsync();
        Task<Kubectl.Result> Can(string what) => kubectl.TryAsync($"auth can-i {what}");
        Assert.Equal("yes\n", (await Can("'*' '*'")).Output);
        Assert.Equal("no\n", (await Can("list pods --as=jane")).Output);
        await kubectl.RunAsync("create role reader --verb=get,list --resource=pods,pods/log");
        await kubectl.RunAsync("create rolebinding jane --role=reader --user=jane");
        Assert.Equal("yes\n", (await Can("list pods --as=jane")).Output);
        Assert.Equal("yes\n", (await Can("get pods --subresource=log --as=jane")).Output);
        Assert.Equal("no\n", (await Can("delete pods --as=jane")).Output);
        Assert.Equal("no\n", (await Can("list pods --as=jane -A")).Output);
        Assert.Contains("pods", (await kubectl.RunAsync("auth can-i --list --as=jane")).Output);
        await kubectl.RunAsync("create rolebinding team --clusterrole=edit --group=team");
        await Eventually.HoldsAsync(async () => (await Can("create deployments --as=jim --as-group=team")).Output == "yes\n");
        Assert.Equal("no\n", (await Can("create roles --as=jim --as-group=team")).Output);
    }

    [KubectlFact]
    public async Task A_refusal_names_who_what_and_where()
    {
        var name = await cluster.NewNamespaceAsync();
        var kubectl = await cluster.NamespaceAsync(name);
        Assert.Equal($"Error from server (Forbidden): secrets is forbidden: User \"jane\" cannot list resource \"secrets\" in API group \"\" in the namespace \"{name}\"\n", (await kubectl.TryAsync("get secrets --as=jane")).Error);
        Assert.Equal($"Error from server (Forbidden): deployments.apps \"web\" is forbidden: User \"jane\" cannot get resource \"deployments\" in API group \"apps\" in the namespace \"{name}\"\n", (await kubectl.TryAsync("get deployment web --as=jane")).Error);
        Assert.Contains("cannot list resource \"nodes\" in API group \"\" at the cluster scope", (await kubectl.TryAsync("get nodes --as=jane")).Error);
    }

    [KubectlFact]
    public async Task Nobody_grants_more_than_they_have()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("create role delegate --verb=create,get,list --resource=roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io,pods");
        await kubectl.RunAsync("create rolebinding delegate --role=delegate --user=jane");
        await kubectl.RunAsync("create role narrower --verb=get --resource=pods --as=jane");
        var refused = await kubectl.TryAsync("create role wider --verb=get --resource=secrets --as=jane");
        Assert.Contains("is attempting to grant RBAC permissions not currently held", refused.Error);
        Assert.Contains("{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\"]}", refused.Error);
        Assert.Contains("not currently held", (await kubectl.TryAsync("create rolebinding boss --clusterrole=cluster-admin --user=jane --as=jane")).Error);
    }

    [KubectlFact]
    public async Task A_service_account_has_tokens_and_only_its_own_rights()
    {
        var name = await cluster.NewNamespaceAsync();
        var kubectl = await cluster.NamespaceAsync(name);
        await kubectl.RunAsync("create serviceaccount robot");
        var token = (await kubectl.RunAsync("create token robot")).Output.Trim();
        using var robot = cluster.Api.WithToken(token);
        Assert.Equal(403, (await robot.GetAsync($"/api/v1/namespaces/{name}/configmaps")).Code);
        await kubectl.RunAsync("create role reader --verb=get,list --resource=configmaps");
        await kubectl.RunAsync($"create rolebinding robot --role=reader --serviceaccount={name}:robot");
        await Eventually.HoldsAsync(async () => (await robot.GetAsync($"/api/v1/namespaces/{name}/configmaps")).Code == 200);
        await kubectl.RunAsync("delete serviceaccount robot");
        await Eventually.HoldsAsync(async () => (await robot.GetAsync($"/api/v1/namespaces/{name}/configmaps")).Code == 401);
    }

    [KubectlFact]
    public async Task Whoami_tells_who_is_asking() =>
        Assert.Contains("jane", (await (await cluster.NamespaceAsync()).RunAsync("auth whoami --as=jane")).Output);
}
