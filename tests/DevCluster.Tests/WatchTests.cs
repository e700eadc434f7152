using System.Globalization;
using System.Text.Json.Nodes;

namespace CodeZero.DevCluster.Tests;

/// <summary>Lists and watches, over HTTP.</summary>
public sealed class WatchTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private static JsonObject Map(string name, string label = "x") => new() { ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["watched"] = label } } };

    private async Task<string> ConfigMapsAsync() => $"/api/v1/namespaces/{await cluster.NewNamespaceAsync()}/configmaps";

    [Fact]
    public async Task A_watch_resumes_where_a_list_ended()
    {
        var maps = await ConfigMapsAsync();
        await cluster.Api.PostAsync(maps, Map("one"));
        var version = (await cluster.Api.GetAsync($"{maps}?labelSelector=watched")).ResourceVersion;
        await cluster.Api.PostAsync(maps, Map("two"));
        await cluster.Api.DeleteAsync($"{maps}/one");
        await using var watch = await Watch.OpenAsync(cluster.Api, $"{maps}?watch=true&labelSelector=watched&resourceVersion={version}");
        Assert.Equal("ADDED two", await watch.NextNameAsync());
        Assert.Equal("DELETED one", await watch.NextNameAsync());
        await cluster.Api.MergeAsync($"{maps}/two", """{"data":{"a":"1"}}""");
        Assert.Equal("MODIFIED two", await watch.NextNameAsync());
    }

    [Fact]
    public async Task An_object_enters_and_leaves_a_selection()
    {
        var maps = await ConfigMapsAsync();
        await cluster.Api.PostAsync(maps, Map("one", "no"));
        await using var watch = await Watch.OpenAsync(cluster.Api, $"{maps}?watch=true&labelSelector=watched%3Dyes");
        await cluster.Api.MergeAsync($"{maps}/one", """{"metadata":{"labels":{"watched":"yes"}}}""");
        Assert.Equal("ADDED one", await watch.NextNameAsync());
        await cluster.Api.MergeAsync($"{maps}/one", """{"metadata":{"labels":{"watched":"no"}}}""");
        Assert.Equal("DELETED one", await watch.NextNameAsync());
    }

    [Fact]
    public async Task Initial_events_end_with_a_marked_bookmark()
    {
        var maps = await ConfigMapsAsync();
        await cluster.Api.PostAsync(maps, Map("one"));
        await using var watch = await Watch.OpenAsync(cluster.Api, $"{maps}?watch=true&labelSelector=watched&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
        Assert.Equal("ADDED", (await watch.NextAsync())!.Value.Type);
        var (type, bookmark) = (await watch.NextAsync())!.Value;
        Assert.Equal(("BOOKMARK", "true"), (type, (string)bookmark["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!));
    }

    [DevClusterFact]
    public async Task Bookmarks_carry_the_version_on()
    {
        var maps = await ConfigMapsAsync();
        await using var watch = await Watch.OpenAsync(cluster.Api, $"{maps}?watch=true&labelSelector=watched&allowWatchBookmarks=true");
        var elsewhere = await cluster.Api.PostAsync(await ConfigMapsAsync(), Map("other"));
        for (; ; )
        {
            var (type, o) = (await watch.NextAsync())!.Value;
            Assert.Equal("BOOKMARK", type);
            if (long.Parse((string)o["metadata"]!["resourceVersion"]!, CultureInfo.InvariantCulture) >= long.Parse(elsewhere.ResourceVersion, CultureInfo.InvariantCulture))
                return;
        }
    }

    [Fact]
    public async Task A_watch_ends_when_its_time_is_up()
    {
        await using var watch = await Watch.OpenAsync(cluster.Api, $"{await ConfigMapsAsync()}?watch=true&timeoutSeconds=1&labelSelector=none");
        Assert.Equal("END", await watch.NextNameAsync());
    }

    [DevClusterFact]
    public async Task A_version_beyond_the_history_is_gone()
    {
        await using var server = await DevClusterServer.StartAsync(new() { WatchHistory = 5 });
        using var api = Api.To(server);
        var old = (await api.GetAsync("/api/v1/configmaps")).ResourceVersion;
        for (var i = 0; i < 10; i++)
            await api.PostAsync("/api/v1/namespaces/default/configmaps", Map($"m{i}"));
        await using var watch = await Watch.OpenAsync(api, $"/api/v1/configmaps?watch=true&resourceVersion={old}");
        var (type, status) = (await watch.NextAsync())!.Value;
        Assert.Equal(("ERROR", 410, "Expired"), (type, (int)status["code"]!, (string)status["reason"]!));
        Assert.Null(await watch.NextAsync());
    }

    [Fact]
    public async Task Pages_are_of_one_moment()
    {
        var maps = await ConfigMapsAsync();
        for (var i = 0; i < 5; i++)
            await cluster.Api.PostAsync(maps, Map($"m{i}"));
        var first = await cluster.Api.GetAsync($"{maps}?labelSelector=watched&limit=2");
        await cluster.Api.PostAsync(maps, Map("m9"));
        await cluster.Api.DeleteAsync($"{maps}/m4");
        var names = first.Body["items"]!.AsArray().Select(i => (string)i!["metadata"]!["name"]!).ToList();
        for (var next = first; next.Text("metadata", "continue") is { Length: > 0 } token;)
        {
            next = await cluster.Api.GetAsync($"{maps}?labelSelector=watched&limit=2&continue={Uri.EscapeDataString(token)}");
            Assert.Equal(first.ResourceVersion, next.ResourceVersion);
            names.AddRange(next.Body["items"]!.AsArray().Select(i => (string)i!["metadata"]!["name"]!));
        }
        Assert.Equal(["m0", "m1", "m2", "m3", "m4"], names);
    }

    [Fact]
    public async Task A_write_that_changes_nothing_is_no_write()
    {
        var maps = await ConfigMapsAsync();
        var made = await cluster.Api.PostAsync(maps, Map("one"));
        var put = await cluster.Api.PutAsync($"{maps}/one", made.Body);
        var patched = await cluster.Api.MergeAsync($"{maps}/one", """{"metadata":{"labels":{"watched":"x"}}}""");
        Assert.Equal((made.ResourceVersion, made.ResourceVersion), (put.ResourceVersion, patched.ResourceVersion));
    }

    [Fact]
    public async Task Tables_come_row_by_row()
    {
        var maps = await ConfigMapsAsync();
        await cluster.Api.PostAsync(maps, Map("one"));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{maps}?labelSelector=watched");
        request.Headers.TryAddWithoutValidation("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
        using var response = await cluster.Api.Http.SendAsync(request);
        var table = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal("Table", (string)table["kind"]!);
        Assert.Equal(["Name", "Data", "Age"], table["columnDefinitions"]!.AsArray().Select(c => (string)c!["name"]!));
        Assert.Equal("PartialObjectMetadata", (string)table["rows"]![0]!["object"]!["kind"]!);
    }
}
