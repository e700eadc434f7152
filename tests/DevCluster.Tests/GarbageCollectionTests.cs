using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.DevCluster.Tests;

/// <summary>Owners and their dependents, over HTTP.</summary>
public sealed class GarbageCollectionTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private async Task<(string Path, Reply Owner)> OwnerAsync()
    {
        var maps = $"/api/v1/namespaces/{await cluster.NewNamespaceAsync()}/configmaps";
        return (maps, await cluster.Api.PostAsync(maps, new() { ["metadata"] = new JsonObject { ["name"] = "owner" } }));
    }

    private static JsonObject Dependent(string name, params (string Name, string Uid)[] owners) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["ownerReferences"] = new JsonArray([.. owners.Select(o => (JsonNode)new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["name"] = o.Name, ["uid"] = o.Uid, ["blockOwnerDeletion"] = true })]),
        },
    };

    private Task GoneAsync(string path) => Eventually.HoldsAsync(async () => (await cluster.Api.GetAsync(path)).Code == 404, TimeSpan.FromSeconds(60));

    [Fact]
    public async Task A_dependent_lives_as_long_as_one_owner()
    {
        var (maps, owner) = await OwnerAsync();
        var other = await cluster.Api.PostAsync(maps, new() { ["metadata"] = new JsonObject { ["name"] = "other" } });
        await cluster.Api.PostAsync(maps, Dependent("both", ("owner", owner.Text("metadata", "uid")!), ("other", other.Text("metadata", "uid")!)));
        await cluster.Api.DeleteAsync($"{maps}/owner");
        await Eventually.HoldsAsync(async () => (await cluster.Api.GetAsync($"{maps}/both")).At("metadata", "ownerReferences")!.AsArray().Count == 1, TimeSpan.FromSeconds(60));
        await cluster.Api.DeleteAsync($"{maps}/other");
        await GoneAsync($"{maps}/both");
    }

    [Fact]
    public async Task A_dependent_of_an_owner_that_never_was_is_collected()
    {
        var (maps, _) = await OwnerAsync();
        await cluster.Api.PostAsync(maps, Dependent("stray", ("ghost", Guid.CreateVersion7().ToString())));
        await GoneAsync($"{maps}/stray");
    }

    [Fact]
    public async Task An_owner_in_another_namespace_does_not_count()
    {
        var (_, foreign) = await OwnerAsync();
        var (maps, _) = await OwnerAsync();
        await cluster.Api.PostAsync(maps, Dependent("stray", ("owner", foreign.Text("metadata", "uid")!)));
        await GoneAsync($"{maps}/stray");
    }

    [Fact]
    public async Task Foreground_waits_for_dependents_that_block()
    {
        var (maps, owner) = await OwnerAsync();
        var held = Dependent("held", ("owner", owner.Text("metadata", "uid")!));
        held["metadata"]!["finalizers"] = new JsonArray("example.com/hold");
        await cluster.Api.PostAsync(maps, held);
        await cluster.Api.DeleteAsync($"{maps}/owner", """{"propagationPolicy":"Foreground"}""");
        await Eventually.HoldsAsync(async () => (await cluster.Api.GetAsync($"{maps}/held")).Text("metadata", "deletionTimestamp") is not null, TimeSpan.FromSeconds(60));
        Assert.Equal("foregroundDeletion", (await cluster.Api.GetAsync($"{maps}/owner")).Text("metadata", "finalizers", "0"));
        await cluster.Api.MergeAsync($"{maps}/held", """{"metadata":{"finalizers":null}}""");
        await GoneAsync($"{maps}/owner");
    }

    [Fact]
    public async Task A_chain_goes_link_by_link()
    {
        var (maps, owner) = await OwnerAsync();
        var middle = await cluster.Api.PostAsync(maps, Dependent("middle", ("owner", owner.Text("metadata", "uid")!)));
        await cluster.Api.PostAsync(maps, Dependent("last", ("middle", middle.Text("metadata", "uid")!)));
        await cluster.Api.DeleteAsync($"{maps}/owner");
        await GoneAsync($"{maps}/last");
    }

    [Fact]
    public async Task A_precondition_protects_the_next_object_of_the_same_name()
    {
        var (maps, owner) = await OwnerAsync();
        var refused = await cluster.Api.DeleteAsync($"{maps}/owner", """{"preconditions":{"uid":"00000000-0000-0000-0000-000000000000"}}""");
        Assert.Equal(409, refused.Code);
        Assert.StartsWith("Operation cannot be fulfilled on ConfigMap \"owner\": the UID in the precondition (00000000-0000-0000-0000-000000000000) does not match the UID in record", refused.Text("message"));
        var done = await cluster.Api.DeleteAsync($"{maps}/owner", $$$"""{"preconditions":{"uid":"{{{owner.Text("metadata", "uid")}}}"}}""");
        Assert.Equal((200, "Success", "configmaps"), (done.Code, done.Text("status"), done.Text("details", "kind")));
    }
}
