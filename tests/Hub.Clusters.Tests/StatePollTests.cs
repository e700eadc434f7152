using System.Diagnostics;
using System.Net;
using CodeZero.AgentProtocol;
using CodeZero.Testing;

namespace CodeZero.Hub.Clusters.Tests;

public sealed class StatePollTests(ClustersFixture hub) : IClassFixture<ClustersFixture>
{
    [Fact]
    public async Task A_state_verifies_with_the_keys_that_the_enrolment_named()
    {
        var organization = await hub.NewOrganizationAsync();
        var cluster = await organization.NewEnrolledClusterAsync();
        var keys = await cluster.StateKeysAsync();
        await cluster.InstallAsync();

        var (envelope, state) = await cluster.Agent.FetchStateAsync();
        var accepted = StateVerifier.Verify(envelope, keys, new(cluster.Id, organization.Id), last: null, cluster.Agent.Now());

        Assert.True(accepted.Accepted, accepted.Refusal?.Reason);
        Assert.Equal((2, "hello"), (accepted.Value.State.Serial, Assert.Single(state.Installs).Name));
        Assert.Equal(DesiredState.Life, state.ExpiresAt - state.IssuedAt);
    }

    [Fact]
    public async Task Each_state_names_the_one_before_it()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var first = (await cluster.Agent.FetchStateAsync()).State;
        await cluster.InstallAsync();
        var second = (await cluster.Agent.FetchStateAsync()).State;

        Assert.Equal((1L, null), (first.Serial, first.Previous));
        Assert.Equal((2L, first.ToDigest()), (second.Serial, second.Previous!.Value));
        var revisions = (await cluster.Client.GetAsync($"{cluster.Path}/revisions").JsonAsync()).Items();
        Assert.Equal([("installed", second.ToDigest().ToString()), ("enrolled", first.ToDigest().ToString())], revisions.Select(revision => (revision.Text("reason"), revision.Text("digest"))));
    }

    [Fact]
    public async Task A_state_that_the_agent_has_is_not_sent_again()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        using var response = await cluster.Agent.PollAsync(known: 1);

        Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
        Assert.True(int.Parse(response.Headers.GetValues(AgentApi.NextHeader).Single(), System.Globalization.CultureInfo.InvariantCulture) > 0);
        using var ahead = await cluster.Agent.PollAsync(known: 99); // the Hub's database was set back: the agent must learn of it
        Assert.Equal((HttpStatusCode.OK, "\"1\""), (ahead.StatusCode, ahead.Headers.ETag!.Tag));
    }

    [Fact]
    public async Task A_change_wakes_an_open_poll_on_another_replica_within_a_second()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Organization.PublishAsync("hello");
        var poll = cluster.Agent.PollAsync(wait: 50, known: 1);
        await hub.HeldAsync(cluster.Id);

        await cluster.RequestAsync("hello", "hello", "default").JsonAsync(201);
        var changed = Stopwatch.StartNew();
        using var response = await poll;

        Assert.InRange(changed.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal((HttpStatusCode.OK, "\"2\""), (response.StatusCode, response.Headers.ETag!.Tag));
    }

    [Fact]
    public async Task Another_clusters_change_wakes_nobody_and_the_wait_ends_when_it_was_to()
    {
        var (cluster, other) = (await hub.NewEnrolledClusterAsync(), await hub.NewEnrolledClusterAsync());
        var waited = Stopwatch.StartNew();
        var poll = cluster.Agent.PollAsync(wait: 2, known: 1);
        await hub.HeldAsync(cluster.Id);
        await other.InstallAsync();

        using var response = await poll;

        Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
        Assert.InRange(waited.Elapsed, TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_poll_holds_no_database_connection()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        using var gone = new CancellationTokenSource();
        var polls = Enumerable.Range(0, 40).Select(_ => cluster.Agent.PollAsync(wait: 50, known: 1, gone.Token)).ToList(); // more than the pool has
        await hub.HeldAsync(cluster.Id, 40);

        await cluster.Client.GetAsync(cluster.Path).JsonAsync();
        await Eventually.HoldsAsync(async () => await hub.SqlAsync("select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'") is 0L);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(polls));
        await hub.HeldAsync(cluster.Id, 0); // who has gone is forgotten
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(56)]
    public async Task A_wait_out_of_range_is_refused(int wait)
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Agent.PollAsync(wait).RefusedAsync(HttpStatusCode.BadRequest, "validation");
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_polls_politely()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var replica = await HubInstance.StartAsync(hub.Database, publicUrl: hub.Agents.Address);
        using var agent = new TestAgent(replica.CreateClient(), cluster.Agent.Token, hub.Agents.Address) { Key = cluster.Agent.Key, Authenticate = async _ => { await cluster.Agent.FetchStateAsync(); return cluster.Agent.AccessToken!; } };
        var poll = agent.PollAsync(wait: 50, known: 1);
        await ClustersFixture.HeldAsync(replica, cluster.Id, 1);

        await replica.DisposeAsync();
        using var response = await poll;

        Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
        Assert.True(response.Headers.Contains(AgentApi.NextHeader));
    }

    [Fact]
    public async Task States_tampered_with_in_the_database_do_not_verify()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var other = await cluster.Organization.NewEnrolledClusterAsync();
        await cluster.InstallAsync();
        var keys = await cluster.StateKeysAsync();
        var identity = new AgentIdentity(cluster.Id, cluster.Organization.Id);
        var (_, good) = await cluster.Agent.FetchStateAsync();

        // Another payload under the old signature.
        await hub.SqlAsync("""
            update clusters.states set envelope = convert_to(jsonb_set(convert_from(envelope, 'UTF8')::jsonb, '{payload}', to_jsonb($3::text))::text, 'UTF8')
            where organization_id = $1 and cluster_id = $2 and serial = 2
            """, cluster.Organization.Id, cluster.Id, Convert.ToBase64String((good with { Installs = [] }).ToCanonicalJson()));
        Assert.Equal(RefusalCode.StateSignature, StateVerifier.Verify((await cluster.Agent.FetchStateAsync()).Envelope, keys, identity, null, cluster.Agent.Now()).Refusal!.Code);

        // The Hub's own, but another cluster's.
        await hub.SqlAsync("update clusters.states s set envelope = o.envelope from clusters.states o where s.cluster_id = $1 and s.serial = 2 and o.cluster_id = $2", cluster.Id, other.Id);
        Assert.Equal(RefusalCode.StateWrongCluster, StateVerifier.Verify((await cluster.Agent.FetchStateAsync()).Envelope, keys, identity, null, cluster.Agent.Now()).Refusal!.Code);

        // Its own, but an old one.
        await hub.SqlAsync("update clusters.states s set envelope = o.envelope from clusters.states o where s.cluster_id = $1 and s.serial = 2 and o.cluster_id = $1 and o.serial = 1", cluster.Id);
        Assert.Equal(RefusalCode.StateRollback, StateVerifier.Verify((await cluster.Agent.FetchStateAsync()).Envelope, keys, identity, new(2, good.ToDigest()), cluster.Agent.Now()).Refusal!.Code);
    }
}
