using CodeZero.Testing;

namespace CodeZero.DevCluster.Tests;

/// <summary>Creating and changing objects with kubectl.</summary>
public sealed class KubectlApplyTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [KubectlFact]
    public async Task Server_side_apply_creates_changes_and_then_does_nothing()
    {
        var kubectl = await cluster.NamespaceAsync();
        Task<Kubectl.Result> Apply(string image) => kubectl.RunAsync("apply --server-side -f -", Manifests.Deployment("web", image));
        Task<Kubectl.Result> Generation() => kubectl.RunAsync("get deployment web -o jsonpath={.metadata.generation}");
        Assert.Equal("deployment.apps/web serverside-applied\n", (await Apply("nginx:1")).Output);
        Assert.Equal("1", (await Generation()).Output);
        await Apply("nginx:2");
        Assert.Equal("2", (await Generation()).Output);
        await Apply("nginx:2");
        Assert.Equal("2", (await Generation()).Output);
        Assert.Equal("nginx:2", (await kubectl.RunAsync("get deployment web -o jsonpath={.spec.template.spec.containers[0].image}")).Output);
    }

    [KubectlFact]
    public async Task A_field_of_another_manager_is_a_conflict_that_names_both_until_it_is_forced()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("apply --server-side --field-manager=first -f -", Manifests.Deployment("web"));
        var conflict = await kubectl.TryAsync("apply --server-side --field-manager=second -f -", Manifests.Deployment("web", "nginx:2"));
        Assert.Equal(1, conflict.ExitCode);
        Assert.StartsWith("error: Apply failed with 1 conflict: conflict with \"first\": .spec.template.spec.containers[name=\"main\"].image\n", conflict.Error);
        await kubectl.RunAsync("apply --server-side --field-manager=second --force-conflicts -f -", Manifests.Deployment("web", "nginx:2"));
        var back = await kubectl.TryAsync("apply --server-side --field-manager=first -f -", Manifests.Deployment("web"));
        Assert.Contains("conflict with \"second\"", back.Error);
    }

    [KubectlFact]
    public async Task A_manager_that_updates_owns_what_it_changed()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("apply --server-side --field-manager=first -f -", Manifests.Deployment("web"));
        await kubectl.RunAsync("set image deployment/web main=nginx:9");
        var conflict = await kubectl.TryAsync("apply --server-side --field-manager=first -f -", Manifests.Deployment("web"));
        Assert.StartsWith("error: Apply failed with 1 conflict: conflict with \"kubectl-set\" using apps/v1: .spec.template.spec.containers[name=\"main\"].image\n", conflict.Error);
    }

    [KubectlFact]
    public async Task Client_side_apply_merges_lists_by_key_and_removes_what_left_the_file()
    {
        var kubectl = await cluster.NamespaceAsync();
        Assert.Equal("deployment.apps/web created\n", (await kubectl.RunAsync("apply -f -", Manifests.Deployment("web"))).Output);
        await kubectl.RunAsync("set env deployment/web EXTRA=kept");
        var changed = Manifests.Deployment("web", "nginx:2").Replace("name: web, labels: {app: web}", "name: web, labels: {other: label}", StringComparison.Ordinal);
        Assert.Equal("deployment.apps/web configured\n", (await kubectl.RunAsync("apply -f -", changed)).Output);
        Assert.Equal("nginx:2 COLOUR,EXTRA", (await kubectl.RunAsync("get deployment web -o 'jsonpath={.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].env[0].name},{.spec.template.spec.containers[0].env[1].name}'")).Output);
        Assert.Equal("{\"other\":\"label\"}", (await kubectl.RunAsync("get deployment web -o jsonpath={.metadata.labels}")).Output);

        // kubectl sends an empty patch's worth of element order while the live list holds more than the file; the server must see that nothing changes.
        var version = (await kubectl.RunAsync("get deployment web -o jsonpath={.metadata.generation}")).Output;
        await kubectl.RunAsync("apply -f -", changed);
        Assert.Equal(version, (await kubectl.RunAsync("get deployment web -o jsonpath={.metadata.generation}")).Output);
        await kubectl.RunAsync("set env deployment/web EXTRA-");
        Assert.Equal("deployment.apps/web unchanged\n", (await kubectl.RunAsync("apply -f -", changed)).Output);
    }

    [KubectlFact]
    public async Task Diff_shows_what_an_apply_would_change_and_changes_nothing()
    {
        var kubectl = await cluster.NamespaceAsync();
        foreach (var mode in new[] { "", " --server-side" })
        {
            await kubectl.RunAsync($"apply{mode} -f -", Manifests.ConfigMap("settings" + mode.Length, ("a", "1")));
            var none = await kubectl.TryAsync($"diff{mode} -f -", Manifests.ConfigMap("settings" + mode.Length, ("a", "1")));
            Assert.Equal((0, ""), (none.ExitCode, none.Output));
            var some = await kubectl.TryAsync($"diff{mode} -f -", Manifests.ConfigMap("settings" + mode.Length, ("a", "2")));
            Assert.Equal(1, some.ExitCode);
            Assert.Contains("-  a: \"1\"\n+  a: \"2\"", some.Output);
            Assert.Equal("1", (await kubectl.RunAsync($"get configmap settings{mode.Length} -o jsonpath={{.data.a}}")).Output);
        }
    }

    [KubectlFact]
    public async Task Patches_come_in_three_kinds()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("apply -f -", Manifests.Deployment("web"));
        Task<Kubectl.Result> Get(string path) => kubectl.RunAsync($"get deployment web -o jsonpath={path}");
        await kubectl.RunAsync("patch deployment web -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"side\",\"image\":\"side:1\"}]}}}}'");
        Assert.Equal(["main", "side"], (await Get("{.spec.template.spec.containers[*].name}")).Output.Split(' ').Order());
        await kubectl.RunAsync("patch deployment web --type=merge -p '{\"spec\":{\"replicas\":2}}'");
        Assert.Equal("2", (await Get("{.spec.replicas}")).Output);
        await kubectl.RunAsync("patch deployment web --type=json -p '[{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":2},{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":1},{\"op\":\"add\",\"path\":\"/metadata/labels/a~1b\",\"value\":\"c\"}]'");
        Assert.Equal("1 c", (await kubectl.RunAsync("get deployment web -o 'jsonpath={.spec.replicas} {.metadata.labels.a/b}'")).Output);
        var failed = await kubectl.TryAsync("patch deployment web --type=json -p '[{\"op\":\"test\",\"path\":\"/spec/replicas\",\"value\":7}]'");
        Assert.Equal(1, failed.ExitCode);
        await kubectl.RunAsync("patch deployment web -p '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"side\",\"$patch\":\"delete\"}]}}}}'");
        Assert.Equal("main", (await Get("{.spec.template.spec.containers[*].name}")).Output);
    }

    [KubectlFact]
    public async Task Labels_and_annotations_are_set_and_removed()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("create configmap settings");
        await kubectl.RunAsync("label configmap settings colour=blue");
        await kubectl.RunAsync("annotate configmap settings example.com/note='two words'");
        Assert.Equal("blue two words", (await kubectl.RunAsync("get configmap settings -o 'jsonpath={.metadata.labels.colour} {.metadata.annotations.example\\.com/note}'")).Output);
        await kubectl.RunAsync("label configmap settings colour-");
        Assert.Equal("", (await kubectl.RunAsync("get configmap settings -o jsonpath={.metadata.labels}")).Output);
    }

    [KubectlFact]
    public async Task An_edit_based_on_an_old_version_is_a_conflict()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("create configmap settings --from-literal=a=1");
        var old = (await kubectl.RunAsync("get configmap settings -o json")).Output;
        await kubectl.RunAsync("label configmap settings x=y");
        var refused = await kubectl.TryAsync("replace -f -", old);
        Assert.Contains("Operation cannot be fulfilled on configmaps \"settings\": the object has been modified; please apply your changes to the latest version and try again", refused.Error);
    }

    [KubectlFact]
    public async Task Mistakes_are_refused_where_they_stand()
    {
        var kubectl = await cluster.NamespaceAsync();
        async Task Refused(string manifest, string because)
        {
            var result = await kubectl.TryAsync("apply -f -", manifest);
            Assert.Equal(1, result.ExitCode);
            Assert.Contains(because, result.Error);
        }
        var web = Manifests.Deployment("web");
        await Refused(web.Replace("replicas", "replicaz", StringComparison.Ordinal), "strict decoding error: unknown field \"spec.replicaz\"");
        await Refused(web.Replace("replicas: 1", "replicas: many", StringComparison.Ordinal), "cannot unmarshal string into Go struct field");
        await Refused(web.Replace("image: nginx:1", "command: [x]", StringComparison.Ordinal), "spec.template.spec.containers[0].image: Required value");
        await Refused(web.Replace("template:\n    metadata: {labels: {app: web}}", "template:\n    metadata: {labels: {app: other}}", StringComparison.Ordinal), "`selector` does not match template `labels`");
        await Refused(Manifests.ConfigMap("Not_A_Name"), "a lowercase RFC 1123 subdomain must consist of");
        await Refused("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: elsewhere}\n", "the namespace from the provided object \"elsewhere\" does not match");
        await kubectl.RunAsync("apply -f -", web);
        await Refused(web.Replace("matchLabels: {app: web}", "matchLabels: {app: web, more: x}", StringComparison.Ordinal).Replace("metadata: {labels: {app: web}}", "metadata: {labels: {app: web, more: x}}", StringComparison.Ordinal), "field is immutable");
    }

    [KubectlFact]
    public async Task Dry_run_on_the_server_validates_and_writes_nothing()
    {
        var kubectl = await cluster.NamespaceAsync();
        await kubectl.RunAsync("apply --server-side --dry-run=server -f -", Manifests.ConfigMap("ghost", ("a", "1")));
        Assert.Equal(1, (await kubectl.TryAsync("get configmap ghost")).ExitCode);
        Assert.Equal(1, (await kubectl.TryAsync("apply --dry-run=server -f -", Manifests.ConfigMap("Bad_Name"))).ExitCode);
    }
}
