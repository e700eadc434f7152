using System.Net;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Hub.Contracts;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Clusters.Tests;

public sealed class AgentAccessTests(ClustersFixture hub) : IClassFixture<ClustersFixture>
{
    [Fact]
    public async Task Only_the_accepted_key_of_a_cluster_is_a_machine_client()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await using var scope = hub.Agents.Services.CreateAsyncScope();
        var machines = scope.ServiceProvider.GetServices<IMachineClients>();
        async Task<MachineClient?> FindAsync(string id) => (await Task.WhenAll(machines.Select(module => module.FindAsync(id, CancellationToken.None)))).SingleOrDefault(found => found is not null);

        var id = AgentApi.ClientId(cluster.Organization.Id, cluster.Id);
        var machine = (await FindAsync(id))!;

        Assert.Equal((id, "agent", TimeSpan.FromMinutes(5)), (machine.ClientId, machine.Scope, machine.TokenLifetime));
        Assert.Equal(new Uri(hub.Agents.Address, "/agent").ToString(), machine.Audience);
        Assert.Equal(cluster.Agent.Thumbprint, EcPublicKey.Parse(machine.PublicKeyJwk).Value.Thumbprint);
        Assert.Equal((cluster.Organization.Id.ToString(), cluster.Id.ToString()), (machine.Claims["org"], machine.Claims["cluster"]));
        var other = await hub.NewEnrolledClusterAsync();
        await Assert.AllAsync(
            [AgentApi.ClientId(other.Organization.Id, cluster.Id), AgentApi.ClientId(cluster.Organization.Id, Guid.CreateVersion7()), id.ToUpperInvariant(), $"{id}.x", "agent", "czctl", ""],
            async wrong => Assert.Null(await FindAsync(wrong)));
    }

    /// <summary>The replica's time stands still: neither the end of the wait, nor a sweep, nor the age of what is remembered can have ended the poll.</summary>
    [Fact]
    public async Task A_revocation_kills_the_token_and_ends_an_open_poll_at_once()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var replica = await hub.StartReplicaAsync(clock);
        using var agent = cluster.AgentAt(replica, clock);
        var serial = (await agent.FetchStateAsync()).State.Serial;
        var poll = agent.PollAsync(wait: 50, known: serial);
        await ClustersFixture.HeldAsync(replica, cluster.Id, 1);

        await cluster.RevokeAsync();
        await poll.RefusedAsync(HttpStatusCode.Unauthorized, "agent.revoked");

        await agent.PollAsync().RefusedAsync(HttpStatusCode.Unauthorized, "agent.revoked");
        await agent.FetchBlobAsync(AppManifest.Digest.Of("x"u8).ToString()).RefusedAsync(HttpStatusCode.Unauthorized, "agent.revoked");
        await agent.AskTokenAsync().JsonAsync(401);
        Assert.Equal("revoked", (await cluster.Client.GetAsync(cluster.Path).JsonAsync()).Text("status"));
        Assert.Equal("refused", (await agent.AskStandingAsync().JsonAsync()).Text("status"));
    }

    [Fact]
    public async Task A_removed_cluster_has_no_agent_and_frees_its_name()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Agent.FetchStateAsync();

        await cluster.Client.DeleteAsync(cluster.Path).JsonAsync(204);

        await Eventually.HoldsAsync(async () => (await cluster.Agent.PollAsync()).StatusCode == HttpStatusCode.Unauthorized);
        await cluster.Client.GetAsync(cluster.Path).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await cluster.Organization.NewClusterAsync(cluster.Name);
    }

    [Fact]
    public async Task A_token_is_good_for_its_own_key_only()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Agent.FetchStateAsync();
        using var thief = new TestAgent(hub.Agents.CreateClient(), cluster.Agent.Token) { AccessToken = cluster.Agent.AccessToken };

        await thief.PollAsync().RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized.invalid_token");
    }

    [Theory]
    [InlineData("/agent/v1/state")]
    [InlineData("/agent/v1/blobs/sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public async Task Without_a_token_nothing_is_told(string path)
    {
        using var client = hub.Agents.CreateClient();
        await client.GetAsync(path).RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");
    }
}
