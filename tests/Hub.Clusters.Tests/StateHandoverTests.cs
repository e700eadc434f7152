using System.Net;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Testing;

namespace CodeZero.Hub.Clusters.Tests;

/// <summary>
/// What nobody was given is withdrawn at once, what somebody was given is removed by the agent. A poll that was woken handed states out beside the cluster's lock: then a
/// removal in that moment called an install gone that the agent was just being given, and that nothing ever took away again.
/// </summary>
public sealed class StateHandoverTests(ClustersFixture hub) : IClassFixture<ClustersFixture>
{
    [Fact]
    public async Task What_is_withdrawn_while_a_poll_wakes_is_not_handed_out_any_more()
    {
        var (cluster, install, poll) = await NewWakingPollAsync();
        Task<HttpResponseMessage> removal;
        await using (await hub.LockAsync("lock table clusters.states in share mode"))
        {
            removal = RemoveAsync(cluster, install); // it has decided that the install is gone, and is about to sign the state that says so
            await Eventually.HoldsAsync(async () => await hub.BlockedAsync() == 1);
            await WakeAsync(cluster);
            await Eventually.HoldsAsync(async () => await hub.BlockedAsync() == 2);
        }

        var finished = await removal.JsonAsync(202);
        var state = await StateOfAsync(poll);

        Assert.NotEqual(default, finished.GetProperty("finishedAt").GetDateTimeOffset());
        Assert.Equal(3, state.Serial);
        Assert.Empty(state.Installs);
    }

    [Fact]
    public async Task What_a_waking_poll_hands_out_is_not_called_gone_by_a_removal_in_that_moment()
    {
        var (cluster, install, poll) = await NewWakingPollAsync();
        Task<HttpResponseMessage> removal;
        await using (await hub.LockAsync("select from clusters.installs where id = $1 for update", install))
        {
            await WakeAsync(cluster); // the poll is about to mark the install as handed out
            await Eventually.HoldsAsync(async () => await hub.BlockedAsync() == 1);
            removal = RemoveAsync(cluster, install);
            await Eventually.HoldsAsync(async () => await hub.BlockedAsync() == 2);
        }

        var handedOut = Assert.Single((await StateOfAsync(poll)).Installs);
        await removal.JsonAsync(202);

        Assert.Equal((install, false), (handedOut.Id, handedOut.Removed));
        Assert.True(Assert.Single((await cluster.Agent.FetchStateAsync()).State.Installs).Removed);
    }

    /// <summary>The poll held the one install and waited for the other, the report the other way round: PostgreSQL ended one of them with an error.</summary>
    [Fact]
    public async Task A_report_and_a_waking_poll_wait_for_each_other_in_one_order()
    {
        var (cluster, install, poll) = await NewWakingPollAsync();
        var state = (await cluster.Agent.FetchStateAsync()).State;
        await hub.SqlAsync("update clusters.installs set served_at = null where id = $1", install);
        Task<HttpResponseMessage> report;
        await using (await hub.LockAsync("select from clusters.clusters where id = $1 for no key update", cluster.Id))
        {
            await WakeAsync(cluster);
            report = cluster.Agent.ReportAsync(cluster.Agent.NewReport(state, refusals: [new(RefusalCode.InstallUnapproved, "0 of 1.", install)]));
            await Eventually.HoldsAsync(async () => await hub.BlockedAsync() == 2);
            // Whoever waits for the cluster holds nothing of it.
            await hub.SqlAsync("select from clusters.installs where cluster_id = $1 for update nowait", cluster.Id);
        }

        Assert.Equal(install, Assert.Single((await StateOfAsync(poll)).Installs).Id);
        await report.JsonAsync(204);
    }

    /// <summary>A cluster with an install that no agent has been given, and a held poll that does not know of it yet: as it is between a change and the word of it.</summary>
    private async Task<(TestCluster Cluster, Guid Install, Task<HttpResponseMessage> Poll)> NewWakingPollAsync()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = (await cluster.InstallAsync()).Id();
        await SetSerialAsync(1);
        var poll = cluster.Agent.PollAsync(wait: 50, known: 1);
        await hub.HeldAsync(cluster.Id);
        await SetSerialAsync(2);
        return (cluster, install, poll);

        Task SetSerialAsync(long serial) => hub.SqlAsync(
            "update clusters.clusters c set serial = s.serial, state_digest = s.digest from clusters.states s where c.id = $1 and s.cluster_id = $1 and s.serial = $2", cluster.Id, serial);
    }

    private Task<object?> WakeAsync(TestCluster cluster) => hub.SqlAsync("select pg_notify('codezero', 'clusters.state ' || $1)", cluster.Id.ToString());

    private static Task<HttpResponseMessage> RemoveAsync(TestCluster cluster, Guid install) => cluster.Client.DeleteAsync($"{cluster.Path}/installs/{install}");

    private static async Task<DesiredState> StateOfAsync(Task<HttpResponseMessage> poll)
    {
        using var response = await poll;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return DesiredState.Parse(Convert.FromBase64String(DsseEnvelope.Parse(await response.Content.ReadAsByteArrayAsync()).Value.Payload)).Value;
    }
}
