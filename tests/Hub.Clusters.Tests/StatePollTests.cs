using System.Net;
using CodeZero.AgentProtocol;
using CodeZero.Hub.Clusters.States;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;

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

    /// <summary>The replica's time stands still: no sweep and no end of the wait can have woken the poll, only the word of the replica that made the change.</summary>
    [Fact]
    public async Task A_change_wakes_an_open_poll_on_another_replica_at_once()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var replica = await hub.StartReplicaAsync(clock);
        using var agent = cluster.AgentAt(replica, clock);
        var poll = agent.PollAsync(wait: 50, known: 1);
        await ClustersFixture.HeldAsync(replica, cluster.Id, 1);

        await cluster.InstallAsync();
        using var response = await poll;

        Assert.Equal((HttpStatusCode.OK, "\"2\""), (response.StatusCode, response.Headers.ETag!.Tag));
    }

    [Fact]
    public async Task A_wait_ends_when_it_was_to_whatever_happens_to_other_clusters()
    {
        var (cluster, other) = (await hub.NewEnrolledClusterAsync(), await hub.NewEnrolledClusterAsync());
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var replica = await hub.StartReplicaAsync(clock);
        using var agent = cluster.AgentAt(replica, clock);
        using var neighbour = other.AgentAt(replica, clock);
        var (poll, neighbours) = (agent.PollAsync(wait: 50, known: 1), neighbour.PollAsync(wait: 50, known: 1));
        await ClustersFixture.HeldAsync(replica, cluster.Id, 1);
        await ClustersFixture.HeldAsync(replica, other.Id, 1);

        await other.InstallAsync();
        (await neighbours).Dispose();
        clock.Advance(TimeSpan.FromSeconds(49)); // past a sweep
        await ClustersFixture.HeldAsync(replica, cluster.Id, 1);
        Assert.False(poll.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(1));
        using var response = await poll;

        Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
    }

    /// <summary>Were a connection held with each, no more could wait at a time than there are connections.</summary>
    [Fact]
    public async Task A_poll_holds_no_database_connection()
    {
        const int connections = 8, polls = 2 * connections;
        var cluster = await hub.NewEnrolledClusterAsync();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var replica = await hub.StartReplicaAsync(clock, hub.Connections(connections));
        using var agent = cluster.AgentAt(replica, clock);
        using var gone = new CancellationTokenSource();
        var held = new List<Task>();
        for (var i = 1; i <= polls; i++)
        {
            held.Add(agent.PollAsync(wait: 50, known: 1, gone.Token));
            await ClustersFixture.HeldAsync(replica, cluster.Id, i);
        }

        Assert.Equal(1, (await agent.FetchStateAsync()).State.Serial); // and there is one for everybody else

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(held));
        await ClustersFixture.HeldAsync(replica, cluster.Id, 0); // who has gone is forgotten
    }

    /// <summary>All polls of a replica wake when it may have missed something. They took every connection there was, and people were told that the database is gone.</summary>
    [Fact]
    public async Task Polls_that_all_wake_at_once_leave_connections_to_everybody_else()
    {
        const int connections = 12, polls = 2 * connections, quarter = connections / 4;
        var cluster = await hub.NewEnrolledClusterAsync();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var replica = await hub.StartReplicaAsync(clock, hub.Connections(connections));
        using var agent = cluster.AgentAt(replica, clock);
        await agent.TokenAsync();
        var held = Enumerable.Range(0, polls).Select(_ => agent.PollAsync(wait: 50, known: 1)).ToList();
        await ClustersFixture.HeldAsync(replica, cluster.Id, polls);
        using var anybody = replica.CreateClient();

        await using (await hub.LockAsync("lock table clusters.clusters in access exclusive mode"))
        {
            replica.Services.GetRequiredService<StateWaits>().WakeAll();
            await ClustersFixture.HeldAsync(replica, cluster.Id, 0);
            await Eventually.HoldsAsync(async () => await hub.BlockedAsync() >= quarter);

            await anybody.GetAsync("/v1/apps").JsonAsync();

            Assert.InRange(await hub.BlockedAsync(), quarter, quarter + 1); // an hourly job may be one more
        }
        await ClustersFixture.HeldAsync(replica, cluster.Id, polls);
        await cluster.InstallAsync();
        Assert.All(await Task.WhenAll(held), answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
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
        var replica = await hub.StartReplicaAsync();
        using var agent = cluster.AgentAt(replica);
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
