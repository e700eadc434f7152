using System.Net;
using System.Text.Json;
using CodeZero.AgentProtocol;
using CodeZero.EndToEnd.Tests.Harness;
using CodeZero.Testing;

namespace CodeZero.EndToEnd.Tests;

/// <summary>An agent's key is worth its own cluster, until it is revoked.</summary>
public sealed class AgentKeyTests(HubWithPerson hub) : IClassFixture<HubWithPerson>
{
    [Fact]
    public async Task An_agent_s_key_opens_nothing_of_another_cluster()
    {
        using var own = await JoinAsync("own");
        using var other = await JoinAsync("other");
        await hub.Person.CzctlAsync("app", "publish", BuiltOutput.Sample);
        var install = await hub.Person.Api.Installs.CreateAsync(
            hub.Person.Organization, "other", new($"{hub.Person.Organization}/vaultwarden", null, null, "vaultwarden", "vault", null, null));

        using var theirs = await other.FetchBlobAsync(install.Manifest);
        using var foreign = await own.FetchBlobAsync(install.Manifest);
        using var standing = await Impostor(own, other).AskStandingAsync();
        using var token = await Impostor(own, other).AskTokenAsync();

        Assert.Equal(HttpStatusCode.OK, theirs.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
        Assert.Equal(own.Cluster, (await own.FetchStateAsync()).State.Cluster);
        Assert.Empty((await own.FetchStateAsync()).State.Installs);
        Assert.Equal(HttpStatusCode.NotFound, standing.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, token.StatusCode);
    }

    [Fact]
    public async Task An_agent_cannot_report_about_another_cluster_s_installs()
    {
        using var own = await JoinAsync("reporter");
        using var other = await JoinAsync("reported");
        await hub.Person.CzctlAsync("app", "publish", BuiltOutput.Sample);
        var install = await hub.Person.Api.Installs.CreateAsync(
            hub.Person.Organization, "reported", new($"{hub.Person.Organization}/vaultwarden", null, null, "vaultwarden", "vault", null, null));
        var state = (await own.FetchStateAsync()).State;

        using var answer = await own.ReportAsync(own.NewReport(state, refusals: [new(RefusalCode.InstallUnapproved, "A lie.", install.Id)]));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Equal("report.foreign_install", JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()).GetProperty("code").GetString());
        Assert.DoesNotContain((await hub.Person.Api.Installs.GetAsync(hub.Person.Organization, "reported", install.Id)).Value.Chain, link => link.Code is not null and not "agent.none");
    }

    [Fact]
    public async Task A_revoked_key_ends_even_the_question_that_is_being_held()
    {
        using var agent = await JoinAsync("revoked");
        var state = (await agent.FetchStateAsync()).State;
        var held = agent.PollAsync(wait: 50, known: state.Serial);

        await hub.Person.CzctlAsync("clusters", "revoke", "revoked", "--yes");

        using var answer = await held.WaitAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        using var token = await agent.AskTokenAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, token.StatusCode);
    }

    /// <summary>The key of one agent under the name of the other.</summary>
    private TestAgent Impostor(TestAgent key, TestAgent name) => new(hub.CreateClient(), name.Token) { Key = key.Key };

    private async Task<TestAgent> JoinAsync(string cluster)
    {
        var (organization, clusters) = (hub.Person.Organization, hub.Person.Api.Clusters);
        await clusters.CreateAsync(organization, cluster);
        var agent = new TestAgent(hub.CreateClient(), EnrolmentToken.Parse((await clusters.EnrolAsync(organization, cluster)).Token).Value);
        using (await agent.EnrolAsync())
            await clusters.AcceptAsync(organization, cluster, agent.Thumbprint);
        return agent;
    }
}
