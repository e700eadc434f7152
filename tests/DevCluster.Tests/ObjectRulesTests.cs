using System.Text.Json.Nodes;

namespace CodeZero.DevCluster.Tests;

/// <summary>What objects must be, over HTTP.</summary>
public sealed class ObjectRulesTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private async Task<string> NamespaceAsync() => $"/api/v1/namespaces/{await cluster.NewNamespaceAsync()}";

    [Fact]
    public async Task Names_are_generated_and_versions_and_uids_given()
    {
        var ns = await NamespaceAsync();
        var made = await cluster.Api.PostAsync($"{ns}/configmaps", new() { ["metadata"] = new JsonObject { ["generateName"] = "job-" } });
        Assert.Matches("^job-[a-z0-9]{5}$", made.Text("metadata", "name"));
        Assert.True(Guid.TryParse(made.Text("metadata", "uid"), out _));
        Assert.NotNull(made.Text("metadata", "creationTimestamp"));
        var again = await cluster.Api.PostAsync($"{ns}/configmaps", new() { ["metadata"] = new JsonObject { ["name"] = made.Text("metadata", "name") } });
        Assert.Equal((409, "AlreadyExists"), (again.Code, again.Text("reason")));
    }

    [Fact]
    public async Task Immutable_means_immutable()
    {
        var ns = await NamespaceAsync();
        foreach (var kind in new[] { "configmaps", "secrets" })
        {
            await cluster.Api.PostAsync($"{ns}/{kind}", new() { ["metadata"] = new JsonObject { ["name"] = "x" }, ["data"] = new JsonObject { ["a"] = "MQ==" }, ["immutable"] = true });
            var refused = await cluster.Api.MergeAsync($"{ns}/{kind}/x", """{"data":{"a":"Mg=="}}""");
            Assert.Equal((422, "Invalid"), (refused.Code, refused.Text("reason")));
            Assert.Equal("data", refused.Text("details", "causes", "0", "field"));
        }
        var typed = await cluster.Api.PostAsync($"{ns}/secrets", new() { ["metadata"] = new JsonObject { ["name"] = "t" }, ["stringData"] = new JsonObject { ["a"] = "1" } });
        Assert.Equal(("MQ==", "Opaque", null), (typed.Text("data", "a"), typed.Text("type"), typed.At("stringData")));
        Assert.Equal(422, (await cluster.Api.MergeAsync($"{ns}/secrets/t", """{"type":"other"}""")).Code);
    }

    [Fact]
    public async Task Quantities_take_their_short_form_and_may_be_numbers()
    {
        var ns = await NamespaceAsync();
        var pod = JsonNode.Parse("""{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":0.5,"memory":"1024Mi"},"limits":{"cpu":"2000m"}}}]}}""")!.AsObject();
        var made = await cluster.Api.PostAsync($"{ns}/pods", pod);
        Assert.Equal("{\"limits\":{\"cpu\":\"2\"},\"requests\":{\"cpu\":\"500m\",\"memory\":\"1Gi\"}}", Sorted(made.At("spec", "containers", "0", "resources")!));
        var bad = await cluster.Api.PostAsync($"{ns}/pods", JsonNode.Parse("""{"metadata":{"name":"q"},"spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"much"}}}]}}""")!.AsObject());
        Assert.Equal(400, bad.Code);
    }

    private static string Sorted(JsonNode node) => new JsonObject(node.AsObject().OrderBy(p => p.Key).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone()))).ToJsonString();

    [Fact]
    public async Task Unknown_fields_are_refused_warned_about_or_dropped()
    {
        var ns = await NamespaceAsync();
        JsonObject Map(string name) => new() { ["metadata"] = new JsonObject { ["name"] = name }, ["dta"] = new JsonObject() };
        var strict = await cluster.Api.PostAsync($"{ns}/configmaps?fieldValidation=Strict", Map("a"));
        Assert.Equal((400, "BadRequest"), (strict.Code, strict.Text("reason")));
        Assert.Contains("strict decoding error: unknown field \"dta\"", strict.Text("message"));
        var warned = await cluster.Api.PostAsync($"{ns}/configmaps", Map("b"));
        Assert.Equal("299 - \"unknown field \\\"dta\\\"\"", Assert.Single(warned.Headers.GetValues("Warning")));
        Assert.Null(warned.At("dta"));
        Assert.False((await cluster.Api.PostAsync($"{ns}/configmaps?fieldValidation=Ignore", Map("c"))).Headers.Contains("Warning"));
    }

    [Fact]
    public async Task Generation_counts_changes_of_what_is_asked_for_only()
    {
        var ns = await cluster.NewNamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{ns}/deployments";
        await cluster.Api.ApplyAsync($"{path}/web", "m", Manifests.Deployment("web", replicas: 0));
        async Task<int> Generation(string patch) => (int)(await cluster.Api.MergeAsync($"{path}/web", patch)).At("metadata", "generation")!;
        Assert.Equal(1, await Generation("""{"metadata":{"labels":{"a":"b"}}}"""));
        Assert.Equal(1, await Generation("""{"status":{"replicas":5}}"""));
        Assert.Equal(2, await Generation("""{"spec":{"paused":true}}"""));
    }

    [Fact]
    public async Task Events_are_one_thing_in_two_groups()
    {
        var ns = await cluster.NewNamespaceAsync();
        var made = await cluster.Api.PostAsync($"/apis/events.k8s.io/v1/namespaces/{ns}/events", JsonNode.Parse($$$"""
            {"metadata":{"name":"e","namespace":"{{{ns}}}"},"eventTime":"2026-01-02T03:04:05.000006Z","reportingController":"example.com/c","reportingInstance":"i","action":"Did","reason":"Because",
             "type":"Normal","note":"hello","regarding":{"kind":"ConfigMap","name":"x","namespace":"{{{ns}}}"}}
            """)!.AsObject());
        Assert.Equal(201, made.Code);
        var core = await cluster.Api.GetAsync($"/api/v1/namespaces/{ns}/events/e");
        Assert.Equal(("hello", "x", "v1"), (core.Text("message"), core.Text("involvedObject", "name"), core.Text("apiVersion")));
        var found = await cluster.Api.GetAsync($"/api/v1/namespaces/{ns}/events?fieldSelector=involvedObject.name%3Dx,reason%3DBecause");
        Assert.Single(found.Body["items"]!.AsArray());
    }

    [Fact]
    public async Task The_object_and_the_url_must_agree()
    {
        var ns = await NamespaceAsync();
        await cluster.Api.PostAsync($"{ns}/configmaps", new() { ["metadata"] = new JsonObject { ["name"] = "x" } });
        Assert.Equal(400, (await cluster.Api.PutAsync($"{ns}/configmaps/x", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "y" } })).Code);
        Assert.Equal(400, (await cluster.Api.PostAsync($"{ns}/configmaps", new() { ["metadata"] = new JsonObject { ["name"] = "y", ["namespace"] = "default" } })).Code);
        Assert.Equal(400, (await cluster.Api.PostAsync($"{ns}/configmaps", new() { ["kind"] = "Secret", ["metadata"] = new JsonObject { ["name"] = "y" } })).Code);
        Assert.Equal(404, (await cluster.Api.PostAsync("/api/v1/namespaces/not-there/configmaps", new() { ["metadata"] = new JsonObject { ["name"] = "y" } })).Code);
    }

    [Fact]
    public async Task Reads_race_writes_without_harm()
    {
        var maps = $"{await NamespaceAsync()}/configmaps";
        await cluster.Api.PostAsync(maps, new() { ["metadata"] = new JsonObject { ["name"] = "counter" }, ["data"] = new JsonObject { ["n"] = "0" } });
        var writers = Enumerable.Range(0, 8).Select(async _ =>
        {
            for (var done = 0; done < 10;)
            {
                var live = await cluster.Api.GetAsync($"{maps}/counter");
                live.Body["data"]!["n"] = (int.Parse(live.Text("data", "n")!, System.Globalization.CultureInfo.InvariantCulture) + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
                if ((await cluster.Api.PutAsync($"{maps}/counter", live.Body)).Code == 200)
                    done++;
            }
        });
        await Task.WhenAll(writers);
        Assert.Equal("80", (await cluster.Api.GetAsync($"{maps}/counter")).Text("data", "n"));
    }
}
