using System.Text.Json.Nodes;

namespace CodeZero.DevCluster.Tests;

/// <summary>Field ownership, over HTTP.</summary>
public sealed class ServerSideApplyTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private async Task<string> ConfigMapsAsync() => $"/api/v1/namespaces/{await cluster.NewNamespaceAsync()}/configmaps";

    private static string? Data(Reply reply, string key) => reply.Text("data", key);

    [Fact]
    public async Task A_key_no_longer_applied_goes_unless_someone_else_owns_it()
    {
        var maps = await ConfigMapsAsync();
        Assert.Equal(201, (await cluster.Api.ApplyAsync($"{maps}/x", "first", Manifests.ConfigMap("x", ("own", "1"), ("shared", "1")))).Code);
        Assert.Equal(200, (await cluster.Api.ApplyAsync($"{maps}/x", "second", Manifests.ConfigMap("x", ("shared", "1"), ("other", "1")))).Code);
        var after = await cluster.Api.ApplyAsync($"{maps}/x", "first", Manifests.ConfigMap("x"));
        Assert.Equal((null, "1", "1"), (Data(after, "own"), Data(after, "shared"), Data(after, "other")));
        Assert.Equal(["second"], after.Body["metadata"]!["managedFields"]!.AsArray().Select(m => (string)m!["manager"]!).Where(m => m != "first"));
    }

    [Fact]
    public async Task A_conflict_names_every_field_and_manager_as_causes()
    {
        var maps = await ConfigMapsAsync();
        await cluster.Api.ApplyAsync($"{maps}/x", "first", Manifests.ConfigMap("x", ("a", "1"), ("b", "1")));
        var conflict = await cluster.Api.ApplyAsync($"{maps}/x", "second", Manifests.ConfigMap("x", ("a", "2"), ("b", "2"), ("c", "2")));
        Assert.Equal(409, conflict.Code);
        Assert.Equal("Conflict", conflict.Text("reason"));
        Assert.Equal("Apply failed with 2 conflicts: conflicts with \"first\":\n- .data.a\n- .data.b", conflict.Text("message"));
        var causes = conflict.Body["details"]!["causes"]!.AsArray();
        Assert.Equal(["FieldManagerConflict .data.a", "FieldManagerConflict .data.b"], causes.Select(c => $"{c!["reason"]} {c["field"]}"));
        Assert.All(causes, c => Assert.Equal("conflict with \"first\"", (string)c!["message"]!));
        Assert.Null(Data(await cluster.Api.GetAsync($"{maps}/x"), "c"));
    }

    [Fact]
    public async Task The_same_value_is_shared_not_fought_over()
    {
        var maps = await ConfigMapsAsync();
        await cluster.Api.ApplyAsync($"{maps}/x", "first", Manifests.ConfigMap("x", ("a", "1")));
        Assert.Equal(200, (await cluster.Api.ApplyAsync($"{maps}/x", "second", Manifests.ConfigMap("x", ("a", "1")))).Code);
        var left = await cluster.Api.ApplyAsync($"{maps}/x", "first", Manifests.ConfigMap("x"));
        Assert.Equal("1", Data(left, "a"));
    }

    [Fact]
    public async Task Applying_the_same_again_writes_nothing()
    {
        var maps = await ConfigMapsAsync();
        var first = await cluster.Api.ApplyAsync($"{maps}/x", "first", Manifests.ConfigMap("x", ("a", "1")));
        var again = await cluster.Api.ApplyAsync($"{maps}/x", "first", Manifests.ConfigMap("x", ("a", "1")));
        Assert.Equal(first.ResourceVersion, again.ResourceVersion);
    }

    [Fact]
    public async Task List_items_merge_by_their_keys()
    {
        var ns = await cluster.NewNamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{ns}/deployments/web";
        await cluster.Api.ApplyAsync(path, "first", Manifests.Deployment("web", replicas: 0));
        const string Sidecar = """
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{"spec":{"containers":[
              {"name":"side","image":"side:1"},
              {"name":"main","ports":[{"containerPort":80,"protocol":"UDP"}],"env":[{"name":"EXTRA","value":"x"}]}]}}}}
            """;
        var merged = await cluster.Api.ApplyAsync(path, "second", Sidecar);
        Assert.Equal(200, merged.Code);
        var containers = merged.Body["spec"]!["template"]!["spec"]!["containers"]!.AsArray();
        Assert.Equal(["main", "side"], containers.Select(c => (string)c!["name"]!).Order());
        var main = containers.Single(c => (string)c!["name"]! == "main")!;
        Assert.Equal(["80/TCP", "80/UDP"], main["ports"]!.AsArray().Select(p => $"{p!["containerPort"]}/{p["protocol"]}").Order());
        Assert.Equal(["COLOUR", "EXTRA"], main["env"]!.AsArray().Select(e => (string)e!["name"]!).Order());

        var removed = await cluster.Api.ApplyAsync(path, "second", """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"}}""");
        var left = Assert.Single(removed.Body["spec"]!["template"]!["spec"]!["containers"]!.AsArray())!;
        Assert.Equal(("main", 1, 1), ((string)left["name"]!, left["ports"]!.AsArray().Count, left["env"]!.AsArray().Count));
    }

    [Fact]
    public async Task A_custom_list_merges_as_its_schema_says()
    {
        const string Group = "apply.example.com";
        await cluster.DefineShipsAsync(Group);
        var path = $"/apis/{Group}/v1/namespaces/{await cluster.NewNamespaceAsync()}/ships/beagle";
        await Testing.Eventually.GetAsync(() => cluster.Api.ApplyAsync(path, "first", Manifests.Ship(Group, "beagle", "captain: ada, cargo: [{hold: a, goods: tea}], flags: [red]")), r => r.Code == 201);
        var merged = await cluster.Api.ApplyAsync(path, "second", Manifests.Ship(Group, "beagle", "cargo: [{hold: b, goods: rum}], flags: [blue]"));
        Assert.Equal(["a", "b"], merged.Body["spec"]!["cargo"]!.AsArray().Select(c => (string)c!["hold"]!).Order());
        Assert.Equal(["blue", "red"], merged.Body["spec"]!["flags"]!.AsArray().Select(f => (string)f!).Order());
        var conflict = await cluster.Api.ApplyAsync(path, "second", Manifests.Ship(Group, "beagle", "cargo: [{hold: a, goods: rum}]"));
        Assert.Equal("Apply failed with 1 conflict: conflict with \"first\": .spec.cargo[hold=\"a\"].goods", conflict.Text("message"));
        var unknown = await cluster.Api.ApplyAsync(path, "second", Manifests.Ship(Group, "beagle", "wings: 2"));
        Assert.Contains(".spec.wings: field not declared in schema", unknown.Text("message"));
    }

    [Fact]
    public async Task Status_belongs_to_its_subresource()
    {
        const string Group = "status.example.com";
        await cluster.DefineShipsAsync(Group);
        var path = $"/apis/{Group}/v1/namespaces/{await cluster.NewNamespaceAsync()}/ships/beagle";
        var made = await Testing.Eventually.GetAsync(() => cluster.Api.ApplyAsync(path, "owner", Manifests.Ship(Group, "beagle") + "status: {masts: 9}\n"), r => r.Code == 201);
        Assert.Null(made.At("status"));
        var status = await cluster.Api.ApplyAsync($"{path}/status", "controller", Manifests.Ship(Group, "beagle", "captain: eve") + "status: {masts: 2}\n");
        Assert.Equal((200, 2, "ada", 1), (status.Code, (int)status.At("status", "masts")!, status.Text("spec", "captain"), (int)status.At("metadata", "generation")!));
        var whole = await cluster.Api.PutAsync(path, JsonNode.Parse(status.Body.ToJsonString().Replace("\"masts\":2", "\"masts\":7", StringComparison.Ordinal))!);
        Assert.Equal(2, (int)whole.At("status", "masts")!);
        var entry = status.Body["metadata"]!["managedFields"]!.AsArray().Single(m => (string)m!["manager"]! == "controller")!;
        Assert.Equal(("status", "{\"f:status\":{\"f:masts\":{}}}"), ((string)entry["subresource"]!, entry["fieldsV1"]!.ToJsonString()));
    }

    [Fact]
    public async Task An_empty_map_is_not_kept_but_the_field_is_owned()
    {
        // As on a real server: the built-in types do not know an empty map from an absent one, and who applied it is asked before anyone fills it.
        var maps = await ConfigMapsAsync();
        var empty = await cluster.Api.ApplyAsync($"{maps}/x", "first", Manifests.ConfigMap("x"));
        Assert.Null(empty.At("data"));
        var filled = await cluster.Api.ApplyAsync($"{maps}/x", "second", Manifests.ConfigMap("x", ("a", "1")));
        Assert.Equal("Apply failed with 1 conflict: conflict with \"first\": .data", filled.Text("message"));
        var again = await cluster.Api.ApplyAsync($"{maps}/x", "first", Manifests.ConfigMap("x"));
        Assert.Equal(empty.ResourceVersion, again.ResourceVersion);
    }

    [Fact]
    public async Task A_value_written_otherwise_is_the_same_value()
    {
        var path = $"/api/v1/namespaces/{await cluster.NewNamespaceAsync()}/limitranges/x";
        const string Limits = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: x}\nspec: {limits: [{type: Container, max: {memory: 1024Mi}}]}\n";
        var first = await cluster.Api.ApplyAsync(path, "first", Limits);
        Assert.Equal("1Gi", first.Text("spec", "limits", "0", "max", "memory"));
        var again = await cluster.Api.ApplyAsync(path, "first", Limits);
        Assert.Equal(first.ResourceVersion, again.ResourceVersion);
    }

    [Fact]
    public async Task A_dry_run_tells_the_conflict_and_writes_nothing()
    {
        var maps = await ConfigMapsAsync();
        var made = await cluster.Api.ApplyAsync($"{maps}/x", "first", Manifests.ConfigMap("x", ("a", "1")));
        const string Apply = "application/apply-patch+yaml";
        var conflict = await cluster.Api.SendAsync(HttpMethod.Patch, $"{maps}/x?fieldManager=second&dryRun=All", Apply, Manifests.ConfigMap("x", ("a", "2")));
        Assert.Equal(409, conflict.Code);
        var forced = await cluster.Api.SendAsync(HttpMethod.Patch, $"{maps}/x?fieldManager=second&force=true&dryRun=All", Apply, Manifests.ConfigMap("x", ("a", "2")));
        Assert.Equal("2", Data(forced, "a"));
        Assert.Equal(("1", made.ResourceVersion), (Data(await cluster.Api.GetAsync($"{maps}/x"), "a"), (await cluster.Api.GetAsync($"{maps}/x")).ResourceVersion));
        Assert.Equal(201, (await cluster.Api.SendAsync(HttpMethod.Patch, $"{maps}/new?fieldManager=second&dryRun=All", Apply, Manifests.ConfigMap("new"))).Code);
        Assert.Equal(404, (await cluster.Api.GetAsync($"{maps}/new")).Code);
    }

    [Fact]
    public async Task A_merge_patch_takes_the_field_over()
    {
        var maps = await ConfigMapsAsync();
        await cluster.Api.ApplyAsync($"{maps}/x", "first", Manifests.ConfigMap("x", ("a", "1"), ("b", "1")));
        await cluster.Api.MergeAsync($"{maps}/x?fieldManager=editor", """{"data":{"a":"2"}}""");
        var conflict = await cluster.Api.ApplyAsync($"{maps}/x", "first", Manifests.ConfigMap("x", ("a", "1"), ("b", "1")));
        Assert.Equal("Apply failed with 1 conflict: conflict with \"editor\" using v1: .data.a", conflict.Text("message"));
    }

    [Fact]
    public async Task An_apply_needs_a_manager_a_kind_and_unambiguous_lists()
    {
        var ns = await cluster.NewNamespaceAsync();
        var nameless = await cluster.Api.SendAsync(HttpMethod.Patch, $"/api/v1/namespaces/{ns}/configmaps/x", "application/apply-patch+yaml", Manifests.ConfigMap("x"));
        Assert.Equal(422, nameless.Code);
        Assert.Contains("is required for apply patch", nameless.Text("message"));
        var twice = await cluster.Api.ApplyAsync($"/apis/apps/v1/namespaces/{ns}/deployments/web", "m", Manifests.Deployment("web").Replace("{name: COLOUR, value: blue}", "{name: A}, {name: A}", StringComparison.Ordinal));
        Assert.NotEqual(201, twice.Code);
        Assert.Contains("duplicate entries for key [name=", twice.Text("message"));
    }

    [Fact]
    public async Task Racing_appliers_of_different_fields_all_land()
    {
        var maps = await ConfigMapsAsync();
        await cluster.Api.PostAsync(maps, new() { ["metadata"] = new JsonObject { ["name"] = "x" } });
        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => cluster.Api.ApplyAsync($"{maps}/x", $"m{i}", Manifests.ConfigMap("x", ($"k{i}", "1")))));
        Assert.All(replies, r => Assert.Equal(200, r.Code));
        Assert.Equal(20, (await cluster.Api.GetAsync($"{maps}/x")).Body["data"]!.AsObject().Count);
    }
}
