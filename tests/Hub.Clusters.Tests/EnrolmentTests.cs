using System.Net;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Testing;

namespace CodeZero.Hub.Clusters.Tests;

public sealed class EnrolmentTests(ClustersFixture hub) : IClassFixture<ClustersFixture>
{
    private static readonly HttpStatusCode Unauthorized = HttpStatusCode.Unauthorized;

    [Fact]
    public async Task An_agent_joins_waits_is_accepted_by_its_thumbprint_and_gets_a_token()
    {
        var organization = await hub.NewOrganizationAsync();
        var cluster = await organization.NewClusterAsync("prod");
        Assert.Equal("new", cluster.Text("status"));
        using var agent = await organization.NewAgentAsync("prod");

        var joined = EnrolmentResponse.Parse(System.Text.Encoding.UTF8.GetBytes((await agent.EnrolAsync().JsonAsync(201)).GetRawText())).Value;
        Assert.Equal((EnrolmentStatus.Pending, agent.Thumbprint, cluster.Id()), (joined.Status, joined.Thumbprint, joined.Cluster));
        Assert.NotEmpty(joined.StateKeys);
        Assert.Equal("pending", (await organization.Client.GetAsync($"{organization.Clusters}/prod").JsonAsync()).Text("status"));
        Assert.Equal("pending", (await agent.AskStandingAsync().JsonAsync()).Text("status"));
        await agent.AskTokenAsync().JsonAsync(401); // until then it may only ask how it stands

        var accepted = await organization.AcceptAsync("prod", agent.Thumbprint).JsonAsync();

        Assert.Equal("enrolled", accepted.Text("status"));
        Assert.Equal(agent.Thumbprint, accepted.GetProperty("agent").Text("thumbprint"));
        var keys = DsseEnvelope.Parse(System.Text.Encoding.UTF8.GetBytes(accepted.GetProperty("agent").GetProperty("keys").GetRawText())).Value;
        Assert.Equal(agent.SealingKey.PublicKey, AgentKeys.Verify(keys, cluster.Id(), agent.Thumbprint).Value.Sealing);
        Assert.Equal("accepted", (await agent.AskStandingAsync().JsonAsync()).Text("status"));
        Assert.Equal(1, (await agent.FetchStateAsync()).State.Serial);
        await organization.AcceptAsync("prod", agent.Thumbprint).JsonAsync(); // again: the same
    }

    [Fact]
    public async Task An_enrolment_token_works_once_even_when_raced_by_fifty()
    {
        var organization = await hub.NewOrganizationAsync();
        await organization.NewClusterAsync("prod");
        var token = await organization.NewTokenAsync("prod");
        var agents = Enumerable.Range(0, 50).Select(_ => new TestAgent(hub.Agents.CreateClient(), token)).ToList();

        var answers = await Task.WhenAll(agents.Select(agent => agent.EnrolAsync()));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(49, answers.Count(answer => answer.StatusCode == HttpStatusCode.Unauthorized));
        Assert.Equal(1L, await hub.SqlAsync("select count(*) from clusters.agents where organization_id = $1", organization.Id));
        agents.ForEach(agent => agent.Dispose());
    }

    [Fact]
    public async Task A_used_token_is_refused_and_says_so_to_its_holder()
    {
        var organization = await hub.NewOrganizationAsync();
        await organization.NewClusterAsync("prod");
        using var agent = await organization.NewAgentAsync("prod");
        await agent.EnrolAsync().JsonAsync(201);

        var problem = await agent.EnrolAsync().RefusedAsync(Unauthorized, RefusalCode.EnrolmentToken);

        Assert.Equal("used", problem.Text("reason"));
        var listed = Assert.Single((await organization.Client.GetAsync($"{organization.Clusters}/prod/enrolments").JsonAsync()).Items());
        Assert.Equal(("used", agent.Thumbprint, "pending"), (listed.Text("state"), listed.GetProperty("agent").Text("thumbprint"), listed.GetProperty("agent").Text("status")));
    }

    [Fact]
    public async Task An_expired_token_is_refused()
    {
        var organization = await hub.NewOrganizationAsync();
        await organization.NewClusterAsync("prod");
        using var agent = await organization.NewAgentAsync("prod");
        await hub.SqlAsync("update clusters.enrolments set created_at = now() - interval '30 minutes', expires_at = now() - interval '1 second' where organization_id = $1", organization.Id);

        var problem = await agent.EnrolAsync().RefusedAsync(Unauthorized, RefusalCode.EnrolmentToken);

        Assert.Equal("expired", problem.Text("reason"));
        Assert.Equal(0L, await hub.SqlAsync("select count(*) from clusters.agents where organization_id = $1", organization.Id));
    }

    [Fact]
    public async Task A_token_of_another_secret_cluster_or_organization_is_unknown()
    {
        var organization = await hub.NewOrganizationAsync();
        var (first, second) = (await organization.NewClusterAsync("first"), await organization.NewClusterAsync("second"));
        var real = await organization.NewTokenAsync("first");
        EnrolmentToken[] forged =
        [
            EnrolmentToken.Create(organization.Id, first.Id(), real.Enrolment),   // right names, other secret
            EnrolmentToken.Create(organization.Id, second.Id(), real.Enrolment),  // another cluster's enrolment
            EnrolmentToken.Create((await hub.NewOrganizationAsync()).Id, first.Id(), real.Enrolment),
            EnrolmentToken.Create(Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7()),
        ];
        foreach (var token in forged)
        {
            using var agent = new TestAgent(hub.Agents.CreateClient(), token);
            Assert.Equal("unknown", (await agent.EnrolAsync().RefusedAsync(Unauthorized, RefusalCode.EnrolmentToken)).Text("reason"));
        }
        using var rightful = new TestAgent(hub.Agents.CreateClient(), real);
        await rightful.EnrolAsync().JsonAsync(201); // nothing of it used the real one up
    }

    [Theory]
    [InlineData("")]
    [InlineData("cze_")]
    [InlineData("not-a-token")]
    [InlineData("eyJhbGciOiJub25lIn0.e30.")]
    public async Task What_is_no_token_is_refused(string token)
    {
        using var agent = new TestAgent(hub.Agents.CreateClient(), EnrolmentToken.Create(Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7()));
        await agent.EnrolAsync(token: token).RefusedAsync(Unauthorized, RefusalCode.EnrolmentToken);
    }

    [Fact]
    public async Task A_bad_proof_is_refused_and_does_not_use_the_token_up()
    {
        var organization = await hub.NewOrganizationAsync();
        await organization.NewClusterAsync("prod");
        using var agent = await organization.NewAgentAsync("prod");
        using var other = new TestAgent(hub.Agents.CreateClient(), await organization.NewTokenAsync("prod"));

        await agent.EnrolAsync(agent.NewEnrolmentRequest() with { Proof = other.NewEnrolmentRequest().Proof }).RefusedAsync(HttpStatusCode.BadRequest, RefusalCode.EnrolmentProof);
        await agent.EnrolAsync(agent.NewEnrolmentRequest() with { ClusterUid = "changed" }).RefusedAsync(HttpStatusCode.BadRequest, RefusalCode.EnrolmentProof);
        await agent.EnrolAsync(other.NewEnrolmentRequest()).RefusedAsync(HttpStatusCode.BadRequest, RefusalCode.EnrolmentProof); // made for another token

        await agent.EnrolAsync().JsonAsync(201);
    }

    [Theory]
    [InlineData(-301)]
    [InlineData(301)]
    public async Task A_clock_that_is_off_by_more_than_five_minutes_is_told_the_time_and_keeps_its_token(int seconds)
    {
        var organization = await hub.NewOrganizationAsync();
        await organization.NewClusterAsync("prod");
        using var agent = await organization.NewAgentAsync("prod");

        var problem = await agent.EnrolAsync(agent.NewEnrolmentRequest(TimeSpan.FromSeconds(seconds + Math.Sign(seconds) * 10))).RefusedAsync(HttpStatusCode.BadRequest, RefusalCode.EnrolmentClock);

        Assert.InRange((problem.GetProperty("hubTime").GetDateTimeOffset() - agent.Now()).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        await agent.EnrolAsync(agent.NewEnrolmentRequest(TimeSpan.FromSeconds(Math.Sign(seconds) * 280))).JsonAsync(201);
    }

    [Fact]
    public async Task The_same_kubernetes_cluster_under_another_record_is_refused_until_the_old_one_is_removed()
    {
        var organization = await hub.NewOrganizationAsync();
        var old = await organization.NewEnrolledClusterAsync("old");
        await organization.NewClusterAsync("new");
        using var agent = await organization.NewAgentAsync("new", old.Agent.ClusterUid);

        var problem = await agent.EnrolAsync().RefusedAsync(HttpStatusCode.Conflict, "agent.cluster_uid_taken");
        Assert.Contains("old", problem.Text("detail"), StringComparison.Ordinal);

        await organization.Client.DeleteAsync($"{organization.Clusters}/old").JsonAsync(204);
        await agent.EnrolAsync().JsonAsync(201); // the token was not used up
    }

    [Fact]
    public async Task The_same_kubernetes_cluster_in_another_organization_is_nobodys_business()
    {
        var first = await hub.NewEnrolledClusterAsync();
        var second = await hub.NewOrganizationAsync();
        await second.NewClusterAsync("mine");
        using var agent = await second.NewAgentAsync("mine", first.Agent.ClusterUid);

        await agent.EnrolAsync().JsonAsync(201);
    }

    [Fact]
    public async Task Acceptance_takes_exactly_the_thumbprint_that_waits()
    {
        var organization = await hub.NewOrganizationAsync();
        await organization.NewClusterAsync("prod");
        await organization.AcceptAsync("prod", EcPrivateKey.Generate().PublicKey.Thumbprint).RefusedAsync(HttpStatusCode.Conflict, "agent.none_pending");
        using var agent = await organization.NewAgentAsync("prod");
        await agent.EnrolAsync().JsonAsync(201);

        var problem = await organization.AcceptAsync("prod", EcPrivateKey.Generate().PublicKey.Thumbprint).RefusedAsync(HttpStatusCode.Conflict, "agent.thumbprint_differs");

        Assert.Equal(agent.Thumbprint, Assert.Single(problem.GetProperty("pending").EnumerateArray()).Text("thumbprint"));
        Assert.Equal("pending", (await agent.AskStandingAsync().JsonAsync()).Text("status"));
    }

    [Fact]
    public async Task A_second_agent_takes_the_place_of_the_first_only_when_a_member_says_so()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        using var second = await cluster.Organization.NewAgentAsync(cluster.Name, cluster.Agent.ClusterUid);
        await second.EnrolAsync().JsonAsync(201);
        await cluster.Agent.FetchStateAsync();

        await cluster.Organization.AcceptAsync(cluster.Name, second.Thumbprint).JsonAsync();

        await second.FetchStateAsync();
        await Eventually.HoldsAsync(async () => (await cluster.Agent.PollAsync()).StatusCode == HttpStatusCode.Unauthorized);
        Assert.Equal("refused", (await cluster.Agent.AskStandingAsync().JsonAsync()).Text("status"));
    }

    [Fact]
    public async Task How_an_enrolment_stands_is_told_to_its_own_key_only()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        using var stranger = new TestAgent(hub.Agents.CreateClient(), cluster.Agent.Token);
        await stranger.AskStandingAsync().RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await cluster.Agent.AskStandingAsync(organization: (await hub.NewOrganizationAsync()).Id).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        using var client = hub.Agents.CreateClient();
        await client.GetAsync(AgentApi.EnrolmentOf(cluster.Organization.Id, cluster.Id)).RefusedAsync(Unauthorized, "unauthorized.invalid_dpop_proof");
    }

    [Fact]
    public async Task The_database_holds_no_token()
    {
        var organization = await hub.NewOrganizationAsync();
        await organization.NewClusterAsync("prod");
        var token = await organization.NewTokenAsync("prod");

        var row = (string)(await hub.SqlAsync("select row_to_json(e)::text from clusters.enrolments e where organization_id = $1", organization.Id))!;

        Assert.DoesNotContain(token.Reveal(), row, StringComparison.Ordinal);
        Assert.DoesNotContain(token.Reveal()[69..112], row, StringComparison.Ordinal);
        Assert.Contains(token.Hash.ToString(), row, StringComparison.Ordinal);
    }
}

/// <summary>Development: nobody need confirm the first agent.</summary>
public sealed class UnaskedAcceptanceTests(TrustingFixture hub) : IClassFixture<TrustingFixture>
{
    [Fact]
    public async Task The_first_agent_is_accepted_unasked_but_never_takes_the_place_of_another()
    {
        var organization = await hub.NewOrganizationAsync();
        await organization.NewClusterAsync("dev");
        using var first = await organization.NewAgentAsync("dev");
        Assert.Equal("accepted", (await first.EnrolAsync().JsonAsync(201)).Text("status"));
        await first.FetchStateAsync();

        using var thief = await organization.NewAgentAsync("dev", first.ClusterUid);

        Assert.Equal("pending", (await thief.EnrolAsync().JsonAsync(201)).Text("status"));
        await first.FetchStateAsync();
        await thief.AskTokenAsync().JsonAsync(401);
    }
}
