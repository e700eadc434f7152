using System.Net;
using System.Text.Json;
using CodeZero.AgentProtocol;
using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Testing;

namespace CodeZero.EndToEnd.Tests;

/// <summary>A one-time token lets one agent ask, once, and decides nothing.</summary>
public sealed class EnrolmentTests(HubWithPerson hub) : IClassFixture<HubWithPerson>
{
    [Fact]
    public async Task A_token_works_once()
    {
        var (_, token) = await OpenAsync("once");
        using var first = NewAgent(token);
        using var second = NewAgent(token);

        using var joined = await first.EnrolAsync();
        using var refused = await second.EnrolAsync();

        Assert.Equal(HttpStatusCode.Created, joined.StatusCode);
        await AssertRefusedAsync(refused, "used");
    }

    [Fact]
    public async Task A_token_works_for_one_even_when_fifty_race()
    {
        var (cluster, token) = await OpenAsync("raced");
        var agents = Enumerable.Range(0, 50).Select(_ => NewAgent(token)).ToList();

        var answers = await Task.WhenAll(agents.Select(agent => agent.EnrolAsync()));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(49, answers.Count(answer => answer.StatusCode == HttpStatusCode.Unauthorized));
        var winner = agents[Array.FindIndex(answers, answer => answer.IsSuccessStatusCode)];
        var enrolment = Assert.Single(await hub.Person.Api.Clusters.EnrolmentsAsync(hub.Person.Organization, cluster).ToListAsync());
        Assert.Equal(winner.Thumbprint, enrolment.Agent!.Thumbprint);
        foreach (var agent in agents)
            agent.Dispose();
    }

    [Fact]
    public async Task An_expired_token_is_refused()
    {
        var (_, token) = await OpenAsync("late");
        await hub.SqlAsync<int>("update clusters.enrolments set created_at = created_at - interval '2 hours', expires_at = expires_at - interval '2 hours' where id = $1", token.Enrolment);
        using var agent = NewAgent(token);

        using var refused = await agent.EnrolAsync();

        await AssertRefusedAsync(refused, "expired");
    }

    [Fact]
    public async Task A_thief_of_a_token_gets_a_pending_agent_that_nobody_accepts()
    {
        var (cluster, token) = await OpenAsync("stolen");
        using var owner = NewAgent(token);
        using var thief = NewAgent(token);

        using var stolen = await thief.EnrolAsync();

        Assert.Equal(HttpStatusCode.Created, stolen.StatusCode);
        using var noToken = await thief.AskTokenAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, noToken.StatusCode);
        thief.AccessToken = "stolen";
        using var noState = await thief.PollAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, noState.StatusCode);
        // The owner sees that the token was used, and by a key that is not their agent's; accepting theirs is refused, as it is not the one that waits.
        using var refused = await owner.EnrolAsync();
        await AssertRefusedAsync(refused, "used");
        var outcome = await hub.Person.TryCzctlAsync("clusters", "accept", cluster, "--thumbprint", owner.Thumbprint);
        Assert.Equal(1, outcome.ExitCode);
        Assert.Equal("pending", (await hub.Person.Api.Clusters.GetAsync(hub.Person.Organization, cluster)).Status);
    }

    [Fact]
    public async Task A_thief_of_a_token_does_not_get_the_cluster_that_has_an_agent()
    {
        var (cluster, token) = await OpenAsync("taken");
        using var agent = NewAgent(token);
        using (await agent.EnrolAsync())
            await hub.Person.CzctlAsync("clusters", "accept", cluster, "--thumbprint", agent.Thumbprint);
        var second = EnrolmentToken.Parse((await hub.Person.Api.Clusters.EnrolAsync(hub.Person.Organization, cluster)).Token).Value;
        using var thief = NewAgent(second, agent.ClusterUid);

        using var stolen = await thief.EnrolAsync();

        using var noToken = await thief.AskTokenAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, noToken.StatusCode);
        using var state = await agent.PollAsync();
        Assert.Equal(HttpStatusCode.OK, state.StatusCode);
        Assert.Equal(agent.Thumbprint, (await hub.Person.Api.Clusters.GetAsync(hub.Person.Organization, cluster)).Agent!.Thumbprint);
    }

    private TestAgent NewAgent(EnrolmentToken token, string? clusterUid = null) =>
        clusterUid is null ? new(hub.CreateClient(), token) : new(hub.CreateClient(), token) { ClusterUid = clusterUid };

    private async Task<(string Cluster, EnrolmentToken Token)> OpenAsync(string cluster)
    {
        await hub.Person.Api.Clusters.CreateAsync(hub.Person.Organization, cluster);
        var enrolment = await hub.Person.Api.Clusters.EnrolAsync(hub.Person.Organization, cluster);
        return (cluster, EnrolmentToken.Parse(enrolment.Token).Value);
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage answer, string reason)
    {
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        var problem = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync());
        Assert.Equal((RefusalCode.EnrolmentToken, reason), (problem.GetProperty("code").GetString(), problem.GetProperty("reason").GetString()));
    }
}
