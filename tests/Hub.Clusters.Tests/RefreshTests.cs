using CodeZero.AgentProtocol;
using CodeZero.Hub.Clusters.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Clusters.Tests;

public sealed class RefreshTests(ClustersFixture hub) : IClassFixture<ClustersFixture>
{
    [Fact]
    public async Task A_state_a_day_old_is_signed_anew_and_a_fresh_or_orphaned_one_is_not()
    {
        var (old, fresh, revoked) = (await hub.NewEnrolledClusterAsync(), await hub.NewEnrolledClusterAsync(), await hub.NewEnrolledClusterAsync());
        await revoked.RevokeAsync();
        foreach (var cluster in new[] { old, revoked })
            await hub.SqlAsync("update clusters.states set issued_at = issued_at - interval '25 hours', expires_at = expires_at - interval '25 hours' where cluster_id = $1", cluster.Id);

        await using (var scope = hub.Members.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<RefreshStates>().RunAsync(CancellationToken.None);

        foreach (var (cluster, serial) in new[] { (old, 2), (fresh, 1), (revoked, 1) })
            Assert.Equal(serial, (await cluster.Client.GetAsync(cluster.Path).JsonAsync()).GetProperty("serial").GetInt32());
        var state = (await old.Agent.FetchStateAsync()).State;
        Assert.InRange(state.ExpiresAt, old.Agent.Now() + DesiredState.Life - TimeSpan.FromMinutes(1), old.Agent.Now() + DesiredState.Life);
        Assert.Equal("refreshed", (await old.Client.GetAsync($"{old.Path}/revisions").JsonAsync()).Items()[0].Text("reason"));
    }

    /// <summary>A row that makes no state ended the run, and the states of all organizations after it expired.</summary>
    [Fact]
    public async Task A_cluster_whose_state_cannot_be_signed_does_not_keep_others_from_theirs()
    {
        var clusters = new List<TestCluster>();
        for (var i = 0; i < 3; i++)
            clusters.Add(await hub.NewEnrolledClusterAsync());
        foreach (var cluster in clusters)
            await hub.SqlAsync("update clusters.states set issued_at = issued_at - interval '25 hours', expires_at = expires_at - interval '25 hours' where cluster_id = $1", cluster.Id);
        // The next serial would be larger than JSON can carry exactly.
        foreach (var sql in new[] { "update clusters.states set serial = 9007199254740991, previous = digest where cluster_id = $1", "update clusters.clusters set serial = 9007199254740991 where id = $1" })
            await hub.SqlAsync(sql, clusters[1].Id);

        await using (var scope = hub.Members.Services.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<RefreshStates>().RunAsync(CancellationToken.None);

        foreach (var cluster in new[] { clusters[0], clusters[2] })
            Assert.Equal(2, (await cluster.Client.GetAsync(cluster.Path).JsonAsync()).GetProperty("serial").GetInt32());
    }
}
