using CodeZero.Testing;

namespace CodeZero.DevCluster.Tests;

/// <summary>Finding out what the cluster has, and teaching it more.</summary>
public sealed class KubectlDiscoveryTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    [KubectlFact]
    public async Task Resources_and_versions_are_listed()
    {
        var kubectl = await cluster.NamespaceAsync();
        var resources = (await kubectl.RunAsync("api-resources")).Rows;
        Assert.Contains("deployments deploy apps/v1 true Deployment", resources);
        Assert.Contains("namespaces ns v1 false Namespace", resources);
        Assert.Contains("customresourcedefinitions crd,crds apiextensions.k8s.io/v1 false CustomResourceDefinition", resources);
        Assert.Contains("create,delete,deletecollection,get,list,patch,update,watch", (await kubectl.RunAsync("api-resources --api-group=apps -o wide")).Output);
        var versions = (await kubectl.RunAsync("api-versions")).Rows;
        Assert.Superset(new HashSet<string> { "v1", "apps/v1", "batch/v1", "rbac.authorization.k8s.io/v1" }, versions.ToHashSet());
    }

    [KubectlFact]
    public async Task The_server_says_its_version_and_where_it_is()
    {
        var kubectl = await cluster.NamespaceAsync();
        Assert.Contains("Server Version: v1.", (await kubectl.RunAsync("version")).Output);
        Assert.Contains("is running at", (await kubectl.RunAsync("cluster-info")).Output);
        Assert.Equal("ok", (await kubectl.RunAsync("get --raw /readyz")).Output);
    }

    [KubectlFact]
    public async Task Fields_are_explained()
    {
        var kubectl = await cluster.NamespaceAsync();
        var deployment = (await kubectl.RunAsync("explain deployment")).Output;
        Assert.Contains("GROUP:      apps", deployment);
        Assert.Contains("VERSION:    v1", deployment);
        Assert.Contains("spec\t<DeploymentSpec>", deployment);
        Assert.Contains("containers\t<[]Container> -required-", (await kubectl.RunAsync("explain pod.spec")).Output);
        Assert.Contains("mountPath\t<string>", (await kubectl.RunAsync("explain pod.spec.containers --recursive")).Output);
        Assert.Contains("rollingUpdate\t<Object>", (await kubectl.RunAsync("explain deployment.spec.strategy --output=plaintext-openapiv2")).Output);
        Assert.Contains("field \"nonsense\" does not exist", (await kubectl.TryAsync("explain pod.nonsense")).Error);
    }

    [KubectlFact]
    public async Task A_custom_resource_is_served_printed_explained_scaled_and_removed()
    {
        const string Group = "discovery.example.com";
        var kubectl = await cluster.NamespaceAsync();
        await cluster.DefineShipsAsync(Group, Manifests.Definition(Group).Replace("shortNames: [shp]", "shortNames: [dsc]", StringComparison.Ordinal));
        await kubectl.RunAsync($"wait --for=condition=Established crd/ships.{Group} --timeout=30s");
        await Eventually.HoldsAsync(async () => (await kubectl.TryAsync($"get ships.{Group}")).ExitCode == 0);
        await kubectl.RunAsync("apply -f -", Manifests.Ship(Group, "beagle", "captain: robert, tons: 242, log: {any: {thing: [1, two]}}"));

        await kubectl.RunAsync($"patch ships.{Group} beagle --subresource=status --type=merge -p '{{\"status\":{{\"conditions\":[{{\"type\":\"Afloat\",\"status\":\"True\"}}]}}}}'");
        Assert.Equal("NAME CAPTAIN AFLOAT AGE", (await kubectl.RunAsync("get dsc")).Rows[0]);
        Assert.StartsWith("beagle robert True ", (await kubectl.RunAsync("get dsc")).Rows[1]);
        Assert.StartsWith("beagle robert True 242 ", (await kubectl.RunAsync($"get ships.{Group} -o wide")).Rows[1]);
        await kubectl.RunAsync($"wait --for=condition=Afloat ships.{Group}/beagle --timeout=10s");
        Assert.Equal("3 two", (await kubectl.RunAsync($"get ships.{Group} beagle -o 'jsonpath={{.spec.masts}} {{.spec.log.any.thing[1]}}'")).Output);
        Assert.Contains("Who gives the orders.", (await kubectl.RunAsync($"explain ships.spec.captain --api-version={Group}/v1")).Output);
        await kubectl.RunAsync($"scale ships.{Group} beagle --replicas=2");
        Assert.Equal("2 2", (await kubectl.RunAsync($"get ships.{Group} beagle -o 'jsonpath={{.spec.masts}} {{.metadata.generation}}'")).Output);

        Assert.Contains("unknown field \"spec.wings\"", (await kubectl.TryAsync("apply -f -", Manifests.Ship(Group, "bad", "captain: ada, wings: 2"))).Error);
        Assert.Contains("spec.captain: Required value", (await kubectl.TryAsync("apply -f -", Manifests.Ship(Group, "bad", "tons: 2"))).Error);
        Assert.Contains("spec.tons in body should be less than or equal to 1000", (await kubectl.TryAsync("apply -f -", Manifests.Ship(Group, "bad", "captain: ada, tons: 1001"))).Error);
        Assert.Contains("Unsupported value: \"raft\": supported values: \"sloop\", \"frigate\"", (await kubectl.TryAsync("apply -f -", Manifests.Ship(Group, "bad", "captain: ada, class: raft"))).Error);

        await kubectl.RunAsync($"delete crd ships.{Group}");
        Assert.Equal(1, (await kubectl.TryAsync($"get ships.{Group}")).ExitCode);
    }

    [KubectlFact]
    public async Task A_definition_that_is_not_structural_is_refused()
    {
        var kubectl = await cluster.NamespaceAsync();
        var refused = await kubectl.TryAsync("apply -f -", Manifests.Definition("broken.example.com").Replace("captain: {type: string,", "captain: {", StringComparison.Ordinal));
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("spec.validation.openAPIV3Schema.properties[spec].properties[captain].type: Required value: must not be empty for specified object fields", refused.Error);
        Assert.Contains("must be spec.names.plural+\".\"+spec.group", (await kubectl.TryAsync("apply -f -", Manifests.Definition("broken.example.com").Replace("name: ships.", "name: boats.", StringComparison.Ordinal))).Error);
    }
}
