using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.DevCluster.Tests;

/// <summary>What kubectl shows.</summary>
public sealed class KubectlGetTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [KubectlFact]
    public async Task Tables_have_the_columns_of_a_real_server()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("create configmap settings --from-literal=a=1 --from-literal=b=2");
        await kubectl.RunAsync("create secret generic password --from-literal=p=x");
        await kubectl.RunAsync("create service clusterip web --tcp=80:8080");
        Assert.Equal("NAME DATA AGE", (await kubectl.RunAsync("get configmap settings")).Rows[0]);
        Assert.StartsWith("settings 2 ", (await kubectl.RunAsync("get configmap settings")).Rows[1]);
        Assert.StartsWith("password Opaque 1 ", (await kubectl.RunAsync("get secret password --no-headers")).Rows[0]);
        Assert.Matches(@"^web ClusterIP [0-9.]+ <none> 80/TCP \S+ app=web$", (await kubectl.RunAsync("get svc web -o wide --no-headers")).Rows[0]);
        Assert.Equal("NAME STATUS AGE", (await kubectl.RunAsync("get ns")).Rows[0]);
        Assert.Contains("STATUS ROLES AGE VERSION", (await kubectl.RunAsync("get nodes")).Rows[0]);
        Assert.Contains("standard", (await kubectl.RunAsync("get storageclass")).Output);
    }

    [KubectlFact]
    public async Task Output_comes_as_names_yaml_json_and_paths()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("create configmap settings --from-literal=colour=blue");
        Assert.Equal("configmap/settings\n", (await kubectl.RunAsync("get configmap settings -o name")).Output);
        Assert.Contains("  colour: blue", (await kubectl.RunAsync("get configmap settings -o yaml")).Output);
        Assert.Equal("blue", (string)JsonNode.Parse((await kubectl.RunAsync("get configmap settings -o json")).Output)!["data"]!["colour"]!);
        Assert.Equal("blue", (await kubectl.RunAsync("get configmap settings -o jsonpath={.data.colour}")).Output);
        Assert.Equal("List", (string)JsonNode.Parse((await kubectl.RunAsync("get configmaps -o json")).Output)!["kind"]!);
    }

    [KubectlFact]
    public async Task Selectors_choose_by_label_and_by_field()
    {
        var kubectl = await cluster.NamespaceAsync();
        foreach (var (name, labels) in new[] { ("one", "app=a,tier=x"), ("two", "app=a,tier=y"), ("three", "app=b") })
        {
            await kubectl.RunAsync($"create configmap {name}");
            await kubectl.RunAsync($"label configmap {name} {labels.Replace(',', ' ')}");
        }
        async Task<string> Names(string selector) => string.Join(',', (await kubectl.RunAsync($"get configmap {selector} -o name")).Rows.Select(r => r.Split('/')[1]).Where(n => n != "kube-root-ca.crt"));
        Assert.Equal("one,two", await Names("-l app=a"));
        Assert.Equal("two", await Names("-l app=a,tier!=x"));
        Assert.Equal("one,three", await Names("-l 'app in (a, b),tier notin (y)'"));
        Assert.Equal("three", await Names("-l app,!tier"));
        Assert.Equal("two", await Names("--field-selector metadata.name=two"));
        var refused = await kubectl.TryAsync("get configmap --field-selector data.x=1");
        Assert.Contains("\"data.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", refused.Error);
        Assert.Contains("field label not supported: data.x", (await kubectl.TryAsync("get secret --field-selector data.x=1")).Error);
    }

    [KubectlFact]
    public async Task All_namespaces_show_in_one_list()
    {
        var (first, second) = (await cluster.NamespaceAsync(), await cluster.NamespaceAsync());
        var name = $"everywhere-{Guid.CreateVersion7():N}";
        await first.RunAsync($"create configmap {name}");
        await second.RunAsync($"create configmap {name}");
        var rows = (await first.RunAsync($"get configmap -A --field-selector metadata.name={name}")).Rows;
        Assert.Equal("NAMESPACE NAME DATA AGE", rows[0]);
        Assert.Equal(3, rows.Count);
    }

    [KubectlFact]
    public async Task A_watch_prints_what_happens()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("create configmap first");
        using var watch = kubectl.Start("get configmap -w -o name --field-selector metadata.name!=kube-root-ca.crt");
        Assert.Equal("configmap/first", await watch.StandardOutput.ReadLineAsync());
        await kubectl.RunAsync("create configmap second");
        Assert.Equal("configmap/second", await watch.StandardOutput.ReadLineAsync());
        await kubectl.RunAsync("label configmap first x=y");
        Assert.Equal("configmap/first", await watch.StandardOutput.ReadLineAsync());
        watch.Kill();
    }

    [KubectlFact]
    public async Task Pages_of_a_list_fit_together()
    {
        var kubectl = await cluster.NamespaceAsync();
        for (var i = 0; i < 7; i++)
            await cluster.Api.PostAsync($"/api/v1/namespaces/{await NamespaceOf(kubectl)}/configmaps", new() { ["metadata"] = new JsonObject { ["name"] = $"page-{i}", ["labels"] = new JsonObject { ["paged"] = "yes" } } });
        Assert.Equal(7, (await kubectl.RunAsync("get configmap -l paged=yes -o name --chunk-size=3")).Rows.Count);
    }

    private static async Task<string> NamespaceOf(Kubectl kubectl) => (await kubectl.RunAsync("get configmap kube-root-ca.crt -o jsonpath={.metadata.namespace}")).Output;

    [KubectlFact]
    public async Task Describe_shows_an_object_with_its_events()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("create deployment web --image=nginx:1");
        await kubectl.RunAsync("rollout status deployment/web --timeout=60s");
        var deployment = (await kubectl.RunAsync("describe deployment web")).Output;
        Assert.Contains("1 desired | 1 updated | 1 total | 1 available | 0 unavailable", deployment);
        Assert.Contains("ScalingReplicaSet", deployment);
        var pod = (await kubectl.RunAsync("describe pods -l app=web")).Output;
        Assert.Contains("Controlled By:", pod);
        Assert.Contains("Scheduled", pod);
        Assert.Contains("ScalingReplicaSet", (await kubectl.RunAsync("events")).Output);
        Assert.Contains("ScalingReplicaSet", (await kubectl.RunAsync("get events")).Output);
    }

    [KubectlFact]
    public async Task A_missing_object_and_a_missing_kind_are_told_apart()
    {
        var kubectl = await cluster.NamespaceAsync();
        Assert.Equal("Error from server (NotFound): configmaps \"nothing\" not found\n", (await kubectl.TryAsync("get configmap nothing")).Error);
        Assert.Contains("the server doesn't have a resource type \"wombats\"", (await kubectl.TryAsync("get wombats")).Error);
    }
}
