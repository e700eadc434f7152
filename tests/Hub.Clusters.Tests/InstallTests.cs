using System.Net;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Sealing;
using CodeZero.Testing;

namespace CodeZero.Hub.Clusters.Tests;

public sealed class InstallTests(ClustersFixture hub) : IClassFixture<ClustersFixture>
{
    private const HttpStatusCode Conflict = HttpStatusCode.Conflict, Unprocessable = HttpStatusCode.UnprocessableEntity, BadRequest = HttpStatusCode.BadRequest;

    [Fact]
    public async Task An_install_stands_in_the_state_with_the_digest_that_anybody_can_compute()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();

        var wanted = Assert.Single((await cluster.Agent.FetchStateAsync()).State.Installs);

        Assert.Equal((install.Id(), "hello", "default", $"{cluster.Organization.Slug}/hello", "stable", "1.0.0"), (wanted.Id, wanted.Name, wanted.Namespace, wanted.App, wanted.Edition, wanted.Version));
        Assert.Equal(new ProvisionerPin("@provisioner/appengine", "builtin", null), wanted.Provisioner);
        Assert.Equal(InstallDigest.Of(cluster.Id, cluster.Organization.Id, wanted).ToString(), install.Text("digest"));
        Assert.Equal(install.Text("manifest"), wanted.Manifest.ToString());
        Assert.Equal("done", install.Step("published").Text("state"));
    }

    [Fact]
    public async Task The_same_request_again_gives_the_same_install_and_no_new_state()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();

        var again = await cluster.RequestAsync("hello", "hello", "default", "1.0.0").JsonAsync();

        Assert.Equal(install.Id(), again.Id());
        Assert.Equal(2, (await cluster.Agent.FetchStateAsync()).State.Serial);
    }

    [Fact]
    public async Task A_name_belongs_to_one_install()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        await cluster.Organization.PublishAsync("other");

        var problem = await cluster.RequestAsync("other", "hello", "default").RefusedAsync(Conflict, "install.name_taken");

        Assert.Equal(install.Id(), problem.GetProperty("install").GetGuid());
        await cluster.RequestAsync("other", "hello", "elsewhere").JsonAsync(201);
    }

    [Fact]
    public async Task Two_who_want_the_same_name_at_once_do_not_both_get_it()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Organization.PublishAsync("first");
        await cluster.Organization.PublishAsync("second");

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => cluster.RequestAsync(i % 2 == 0 ? "first" : "second", "same", "default")));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal((4, 5), (answers.Count(answer => answer.StatusCode == HttpStatusCode.OK), answers.Count(answer => answer.StatusCode == Conflict)));
        Assert.Equal(2, (await cluster.Agent.FetchStateAsync()).State.Serial);
    }

    [Fact]
    public async Task Ten_changes_at_once_are_ten_states_in_a_row()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Organization.PublishAsync("hello");

        await Task.WhenAll(Enumerable.Range(0, 10).Select(i => cluster.RequestAsync("hello", $"hello-{i}", "default").JsonAsync(201)));

        var state = (await cluster.Agent.FetchStateAsync()).State;
        Assert.Equal((11, 10), (state.Serial, state.Installs.Count));
        var revisions = (await cluster.Client.GetAsync($"{cluster.Path}/revisions").JsonAsync()).Items();
        foreach (var (newer, older) in revisions.Zip(revisions.Skip(1)))
            Assert.Equal(older.Text("digest"), newer.Text("previous"));
    }

    [Theory]
    [InlineData("Hello", "default")]
    [InlineData("hello", "")]
    [InlineData("hello--there", "default")]
    [InlineData("hello", "a--b")]
    [InlineData("-hello", "default")]
    [InlineData("hello", "default-")]
    [InlineData("he_llo", "default")]
    [InlineData("hello\n", "default")]
    public async Task Names_that_make_no_dns_label_are_refused(string name, string @namespace)
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.RequestAsync("hello", name, @namespace).RefusedAsync(BadRequest, "validation");
    }

    [Fact]
    public async Task Name_and_namespace_together_fit_one_dns_label()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Organization.PublishAsync("hello");
        await cluster.RequestAsync("hello", new('a', 31), new('b', 31)).RefusedAsync(Unprocessable, "install.name_too_long");
        await cluster.RequestAsync("hello", new('a', 31), new('b', 30)).JsonAsync(201);
    }

    [Fact]
    public async Task An_edition_that_is_not_there_is_refused_with_those_that_are()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Organization.PublishAsync("hello");

        var problem = await cluster.RequestAsync("hello", "hello", "default", edition: "gold").RefusedAsync(Unprocessable, "install.edition_unknown");
        Assert.Equal(["stable", "beta"], problem.GetProperty("editions").EnumerateArray().Select(edition => edition.GetString()));
        await cluster.RequestAsync("hello", "hello", "default", edition: null).RefusedAsync(Unprocessable, "install.edition_unknown");
        await cluster.RequestAsync("hello", "hello", "default", edition: "beta").JsonAsync(201); // private, but one's own
    }

    [Fact]
    public async Task What_is_not_published_cannot_be_installed()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Organization.PublishAsync("hello");
        await cluster.RequestAsync("nothing", "hello", "default").RefusedAsync(Unprocessable, "install.version_unknown");
        await cluster.RequestAsync("hello", "hello", "default", "9.9.9").RefusedAsync(Unprocessable, "install.version_unknown");
        var stranger = await hub.NewEnrolledClusterAsync();
        await stranger.Client.PostAsync($"{stranger.Path}/installs", new { app = $"{cluster.Organization.Slug}/hello", name = "hello", @namespace = "default", edition = "stable" })
            .RefusedAsync(Unprocessable, "install.version_unknown"); // private to its publisher
    }

    [Fact]
    public async Task A_change_needs_the_present_etag_and_makes_a_new_digest()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        await cluster.Organization.PublishAsync("hello", "1.1.0");
        var etag = await cluster.ETagAsync(install.Id());
        await cluster.PatchAsync(install.Id(), new { version = "1.1.0" }, null).RefusedAsync((HttpStatusCode)428, "precondition_required");

        var changed = await cluster.PatchAsync(install.Id(), new { version = "1.1.0" }, etag).JsonAsync();

        Assert.Equal(("1.1.0", "stable"), (changed.Text("version"), changed.Text("edition")));
        Assert.NotEqual(install.Text("digest"), changed.Text("digest"));
        await cluster.PatchAsync(install.Id(), new { paused = true }, etag).RefusedAsync(HttpStatusCode.PreconditionFailed, "precondition_failed");
    }

    [Fact]
    public async Task Pausing_changes_no_digest_and_saying_it_twice_changes_nothing()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();

        var paused = await cluster.PatchAsync(install.Id(), new { paused = true }, await cluster.ETagAsync(install.Id())).JsonAsync();
        await cluster.PatchAsync(install.Id(), new { paused = true }, await cluster.ETagAsync(install.Id())).JsonAsync();

        Assert.Equal(install.Text("digest"), paused.Text("digest"));
        Assert.Equal("install.paused", paused.Step("applied").Text("code"));
        var state = (await cluster.Agent.FetchStateAsync()).State;
        Assert.Equal((3, true), (state.Serial, Assert.Single(state.Installs).Paused));
    }

    [Fact]
    public async Task Sealed_inputs_travel_as_they_are_and_need_the_install_they_are_sealed_to()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Organization.PublishAsync("hello");
        var id = Guid.CreateVersion7();
        var sealedInputs = SealedInputs.Seal(cluster.Agent.SealingKey.PublicKey, cluster.Id, id, new Inputs(new Dictionary<string, string> { ["password"] = "s3cret" }));
        object Request(Guid? installId, string inputs) => new { app = $"{cluster.Organization.Slug}/hello", name = "hello", @namespace = "default", edition = "stable", inputs, id = installId };
        var jwe = System.Text.Encoding.ASCII.GetString(sealedInputs);
        await cluster.Client.PostAsync($"{cluster.Path}/installs", Request(null, jwe)).RefusedAsync(BadRequest, "install.id_missing");
        await cluster.Client.PostAsync($"{cluster.Path}/installs", Request(id, "password=s3cret")).RefusedAsync(BadRequest, "install.inputs_malformed");

        var install = await cluster.Client.PostAsync($"{cluster.Path}/installs", Request(id, jwe)).JsonAsync(201);

        Assert.Equal((id, AppManifest.Digest.Of(sealedInputs).ToString()), (install.Id(), install.Text("inputs")));
        var wanted = Assert.Single((await cluster.Agent.FetchStateAsync()).State.Installs);
        using var blob = await cluster.Agent.FetchBlobAsync(wanted.Inputs!.Value.ToString());
        Assert.True(SealedInputs.Open(cluster.Agent.SealingKey, cluster.Id, id, await blob.Content.ReadAsByteArrayAsync()).Accepted);
        await cluster.Client.PostAsync($"{cluster.Path}/installs", Request(id, jwe)).JsonAsync(200);
        var other = await cluster.Organization.NewEnrolledClusterAsync();
        await other.Client.PostAsync($"{other.Path}/installs", Request(id, jwe)).RefusedAsync(Conflict, "install.id_taken");
    }

    [Fact]
    public async Task Removing_what_no_agent_ever_got_is_done_at_once()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();

        var removed = await cluster.Client.DeleteAsync($"{cluster.Path}/installs/{install.Id()}").JsonAsync(202);

        Assert.True(removed.GetProperty("removed").GetBoolean());
        Assert.NotEqual(default, removed.GetProperty("finishedAt").GetDateTimeOffset());
        Assert.Empty((await cluster.Agent.FetchStateAsync()).State.Installs);
        Assert.Empty((await cluster.Client.GetAsync($"{cluster.Path}/installs").JsonAsync()).Items());
        await cluster.GetAsync(install.Id()); // kept as history
        Assert.Equal(install.Id(), Assert.Single((await cluster.Client.GetAsync($"{cluster.Path}/installs?finished=true&namespace=default&name=hello").JsonAsync()).Items()).Id());
        Assert.Empty((await cluster.Client.GetAsync($"{cluster.Path}/installs?finished=true&name=other").JsonAsync()).Items());
        await cluster.RequestAsync("hello", "hello", "default").JsonAsync(201); // and the name is free
    }

    [Fact]
    public async Task Removing_what_the_agent_has_seen_says_so_in_the_state_under_a_new_digest()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        await cluster.Agent.FetchStateAsync();

        var removed = await cluster.Client.DeleteAsync($"{cluster.Path}/installs/{install.Id()}").JsonAsync(202);
        var again = await cluster.Client.DeleteAsync($"{cluster.Path}/installs/{install.Id()}").JsonAsync(202);

        Assert.NotEqual(install.Text("digest"), removed.Text("digest"));
        Assert.Equal(removed.Text("digest"), again.Text("digest"));
        var state = (await cluster.Agent.FetchStateAsync()).State;
        Assert.Equal((3, true), (state.Serial, Assert.Single(state.Installs).Removed));
        await cluster.RequestAsync("hello", "hello", "default").RefusedAsync(Conflict, "install.name_taken");
        await cluster.PatchAsync(install.Id(), new { paused = true }, "*").RefusedAsync(Conflict, "install.removed");
    }

    [Fact]
    public async Task A_cluster_that_is_full_says_so_at_the_write_that_would_be_too_much()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        await hub.SqlAsync($"""
            insert into clusters.installs select (jsonb_populate_record(i, jsonb_build_object('id', gen_random_uuid(), 'name', 'copy-' || n))).* from clusters.installs i, generate_series(1, {DesiredState.MaxInstalls - 1}) n where i.id = $1
            """, install.Id());

        await cluster.RequestAsync("hello", "one-more", "default").RefusedAsync(Unprocessable, "cluster.too_many_installs");

        Assert.Equal(2, (await cluster.Client.GetAsync(cluster.Path).JsonAsync()).GetProperty("serial").GetInt32());
        var paused = await cluster.PatchAsync(install.Id(), new { paused = true }, "*").JsonAsync(); // as many as fit, fit
        Assert.True(paused.GetProperty("paused").GetBoolean());
        Assert.Equal(DesiredState.MaxInstalls, (await cluster.Agent.FetchStateAsync()).State.Installs.Count);
    }

    /// <summary>Each held a connection, and the one whose turn it was waited for a second one to ask the catalogue with, until the time for that was up.</summary>
    [Fact]
    public async Task More_requests_at_once_than_there_are_connections_are_all_carried_out()
    {
        const int connections = 6;
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Organization.PublishAsync("hello");
        await using var replica = await HubInstance.StartAsync(hub.Database, hub.Issuer.Settings.Concat(hub.Connections(connections)).ToDictionary());
        using var client = replica.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", hub.Issuer.Issue(cluster.Organization.Owner));

        var installs = await Task.WhenAll(Enumerable.Range(0, 2 * connections).Select(i => client.PostAsync($"{cluster.Path}/installs",
            new { app = $"{cluster.Organization.Slug}/hello", name = $"hello-{i}", @namespace = "default", edition = "stable" }).JsonAsync(201)));
        await cluster.Organization.PublishAsync("hello", "1.1.0");
        var changed = await Task.WhenAll(installs.Select(install => cluster.PatchAsync(install.Id(), new { version = "1.1.0" }, "*", client).JsonAsync()));

        Assert.All(changed, install => Assert.Equal("1.1.0", install.Text("version")));
    }

    /// <summary>The catalogue is asked before the lock: what the answer was for may be another version by then.</summary>
    [Fact]
    public async Task A_change_of_what_changed_meanwhile_is_refused_also_without_an_etag()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        await cluster.Organization.PublishAsync("hello", "1.1.0");
        Task<HttpResponseMessage> edition;
        await using (await hub.LockAsync("select from clusters.clusters where id = $1 for no key update", cluster.Id))
        {
            edition = cluster.PatchAsync(install.Id(), new { edition = "beta" }, "*");
            await Eventually.HoldsAsync(async () => await hub.BlockedAsync() == 1);
            await hub.SqlAsync("update clusters.installs set version = '1.1.0' where id = $1", install.Id());
        }

        await edition.RefusedAsync(HttpStatusCode.PreconditionFailed, "precondition_failed");
    }

    [Fact]
    public async Task Lists_come_in_pages_and_by_name()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Organization.PublishAsync("hello");
        foreach (var i in Enumerable.Range(0, 3))
            await cluster.RequestAsync("hello", $"hello-{i}", "default").JsonAsync(201);

        var first = await cluster.Client.GetAsync($"{cluster.Path}/installs?limit=2").JsonAsync();
        var second = await cluster.Client.GetAsync($"{cluster.Path}/installs?limit=2&cursor={first.Text("next")}").JsonAsync();
        var named = await cluster.Client.GetAsync($"{cluster.Path}/installs?namespace=default&name=hello-1").JsonAsync();

        Assert.Equal(["hello-0", "hello-1", "hello-2"], first.Items().Concat(second.Items()).Select(install => install.Text("name")));
        Assert.Equal("hello-1", Assert.Single(named.Items()).Text("name"));
    }
}
