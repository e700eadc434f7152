using System.Net;
using CodeZero.AgentProtocol;

namespace CodeZero.Hub.Clusters.Tests;

public sealed class ReportTests(ClustersFixture hub) : IClassFixture<ClustersFixture>
{
    [Fact]
    public async Task Each_link_of_the_chain_has_the_time_the_agent_gave_it()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        Assert.Equal("waiting", install.Step("fetched").Text("state"));
        var state = (await cluster.Agent.FetchStateAsync()).State;
        Assert.Equal("done", (await cluster.GetAsync(install.Id())).Step("fetched").Text("state"));
        var at = cluster.Agent.Now();
        StepReport[] steps = [.. Enum.GetValues<ReportStep>().Select((step, i) => new StepReport(step, at.AddSeconds(i), StepState.Done))];

        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state, [Said(state, InstallPhase.Healthy, steps)])).JsonAsync(204);

        var healthy = await cluster.GetAsync(install.Id());
        Assert.Equal(("healthy", 3), (healthy.Text("phase"), healthy.GetProperty("objects").GetProperty("ready").GetInt32()));
        string[] links = ["fetched", "verified", "applied", "healthy"];
        Assert.Equal(links.Select((_, i) => ("done", at.AddSeconds(i))), links.Select(link => (healthy.Step(link).Text("state"), healthy.Step(link).GetProperty("at").GetDateTimeOffset())));
        Assert.Equal("notRequired", healthy.Step("approved").Text("state"));
        var seen = await cluster.Client.GetAsync(cluster.Path).JsonAsync();
        Assert.True(seen.GetProperty("nextExpected").GetDateTimeOffset() > seen.GetProperty("lastSeen").GetDateTimeOffset());
    }

    [Fact]
    public async Task A_refusal_in_the_cluster_shows_where_the_chain_breaks_and_why_until_it_is_put_right()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        var state = (await cluster.Agent.FetchStateAsync()).State;

        var report = cluster.Agent.NewReport(state,
            [Said(state, InstallPhase.Refused, [new(ReportStep.Fetched, cluster.Agent.Now(), StepState.Done), new(ReportStep.Verified, cluster.Agent.Now(), StepState.Failed, RefusalCode.InstallUnapproved, "0 of 1 needed approvals.")])],
            [new(RefusalCode.InstallUnapproved, "0 of 1 needed approvals.", install.Id())]);
        await cluster.Agent.ReportAsync(report).JsonAsync(204);

        var refused = (await cluster.GetAsync(install.Id())).Step("approved");
        Assert.Equal(("refused", RefusalCode.InstallUnapproved, "0 of 1 needed approvals."), (refused.Text("state"), refused.Text("code"), refused.Text("detail")));
        await cluster.HandInAsync(install.Id(), cluster.Approve(install)).JsonAsync(201);
        Assert.Equal("done", (await cluster.GetAsync(install.Id())).Step("approved").Text("state"));
        // A late report about the state before the approval says nothing about the present one.
        await cluster.Agent.ReportAsync(report).JsonAsync(204);
        var approved = await cluster.GetAsync(install.Id());
        Assert.Equal(("done", "done", "waiting"), (approved.Step("approved").Text("state"), approved.Step("fetched").Text("state"), approved.Step("verified").Text("state")));
    }

    [Fact]
    public async Task A_refusal_of_the_whole_state_shows_on_every_install()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        var state = (await cluster.Agent.FetchStateAsync()).State;
        await cluster.Organization.PublishAsync("other");
        var other = await cluster.RequestAsync("other", "other", "default").JsonAsync(201);

        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state, refusals: [new(RefusalCode.StateSignature, "Not by a trusted key.", null)])).JsonAsync(204);

        foreach (var id in new[] { install.Id(), other.Id() })
            Assert.Equal(("refused", RefusalCode.StateSignature), ((await cluster.GetAsync(id)).Step("fetched").Text("state"), (await cluster.GetAsync(id)).Step("fetched").Text("code")));
        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state)).JsonAsync(204);
        Assert.Equal("done", (await cluster.GetAsync(install.Id())).Step("fetched").Text("state"));
    }

    [Fact]
    public async Task A_refusal_of_an_earlier_state_says_nothing_of_what_is_wanted_since()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var state = (await cluster.Agent.FetchStateAsync()).State;
        var refusal = cluster.Agent.NewReport(state, refusals: [new(RefusalCode.StateSignature, "Not by a trusted key.", null)]);
        await cluster.Agent.ReportAsync(refusal).JsonAsync(204);

        var install = await cluster.InstallAsync();
        Assert.Equal("waiting", install.Step("fetched").Text("state"));

        await cluster.Agent.ReportAsync(refusal).JsonAsync(204);
        Assert.Equal("refused", (await cluster.GetAsync(install.Id())).Step("fetched").Text("state"));
    }

    [Fact]
    public async Task Installs_that_are_not_this_clusters_are_refused_and_nothing_is_kept()
    {
        var organization = await hub.NewOrganizationAsync();
        var (cluster, neighbour, stranger) = (await organization.NewEnrolledClusterAsync(), await organization.NewEnrolledClusterAsync(), await hub.NewEnrolledClusterAsync());
        var own = await cluster.InstallAsync();
        var state = (await cluster.Agent.FetchStateAsync()).State;
        var (near, far) = (await neighbour.InstallAsync("nearby", "near"), await stranger.InstallAsync());
        foreach (var foreign in new[] { near.Id(), far.Id(), Guid.CreateVersion7() })
        {
            var said = Said(state, InstallPhase.Healthy, []);
            var problem = await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state, [said, said with { Id = foreign }])).RefusedAsync(HttpStatusCode.UnprocessableEntity, "report.foreign_install");
            Assert.Equal(foreign, Assert.Single(problem.GetProperty("installs").EnumerateArray()).GetGuid());
            await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state, refusals: [new("policy.kind", "No.", foreign)])).RefusedAsync(HttpStatusCode.UnprocessableEntity, "report.foreign_install");
        }
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await cluster.GetAsync(own.Id())).GetProperty("phase").ValueKind);
        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state) with { Cluster = neighbour.Id }).RefusedAsync(HttpStatusCode.UnprocessableEntity, "report.wrong_cluster");
        Assert.Empty((await cluster.Client.GetAsync($"{cluster.Path}/reports").JsonAsync()).Items());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[[[[")]
    [InlineData("null")]
    public async Task What_is_no_report_is_refused(string body)
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Agent.SendAsync(HttpMethod.Post, AgentApi.Reports, System.Text.Encoding.UTF8.GetBytes(body)).RefusedAsync(HttpStatusCode.BadRequest, RefusalCode.MessageFormat);
    }

    [Fact]
    public async Task A_report_larger_than_the_protocol_allows_is_refused()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Agent.SendAsync(HttpMethod.Post, AgentApi.Reports, new byte[AgentReport.MaxBytes + 1]).RefusedAsync(HttpStatusCode.RequestEntityTooLarge, RefusalCode.MessageSize);
        await cluster.Agent.SendAsync(HttpMethod.Post, AgentApi.Reports, new byte[3 << 20]).RefusedAsync(HttpStatusCode.BadRequest, RefusalCode.MessageFormat); // large ones are read
    }

    [Fact]
    public async Task An_install_reported_gone_is_finished_and_leaves_the_state()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        var before = (await cluster.Agent.FetchStateAsync()).State;
        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(before, [Said(before, InstallPhase.Healthy, [])])).JsonAsync(204);
        await cluster.Client.DeleteAsync($"{cluster.Path}/installs/{install.Id()}").JsonAsync(202);
        // The agent has not seen the removal yet: whatever it calls removed now is something else.
        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(before, [Said(before, InstallPhase.Removed, [])])).JsonAsync(204);
        var state = (await cluster.Agent.FetchStateAsync()).State;
        Assert.Single(state.Installs);

        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state, [Said(state, InstallPhase.Removed, [])])).JsonAsync(204);

        Assert.Empty((await cluster.Agent.FetchStateAsync()).State.Installs);
        var finished = await cluster.GetAsync(install.Id());
        Assert.NotEqual(default, finished.GetProperty("finishedAt").GetDateTimeOffset());
        Assert.Equal(("done", "done", "done"), (finished.Step("fetched").Text("state"), finished.Step("verified").Text("state"), finished.Step("applied").Text("state")));
        await cluster.RequestAsync("hello", "hello", "default").JsonAsync(201);
    }

    [Fact]
    public async Task What_was_refused_and_withdrawn_but_runs_after_all_comes_back_to_be_removed()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        var state = (await cluster.Agent.FetchStateAsync()).State;
        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state, refusals: [new(RefusalCode.InstallUnapproved, "0 of 1.", install.Id())])).JsonAsync(204);
        await cluster.Client.DeleteAsync($"{cluster.Path}/installs/{install.Id()}").JsonAsync(202);
        Assert.Empty((await cluster.Agent.FetchStateAsync()).State.Installs);

        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state, [Said(state, InstallPhase.Healthy, [])])).JsonAsync(204);

        Assert.True(Assert.Single((await cluster.Agent.FetchStateAsync()).State.Installs).Removed);
    }

    /// <summary>The state it came back in was counted from the report's: an agent that had taken up one in between, without it, could call it removed.</summary>
    [Fact]
    public async Task What_came_back_is_gone_only_on_the_word_of_an_agent_that_has_the_state_it_came_back_in()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var install = await cluster.InstallAsync();
        var before = (await cluster.Agent.FetchStateAsync()).State;
        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(before, refusals: [new(RefusalCode.InstallUnapproved, "0 of 1.", install.Id())])).JsonAsync(204);
        await cluster.Client.DeleteAsync($"{cluster.Path}/installs/{install.Id()}").JsonAsync(202);
        await cluster.InstallAsync("other", "other");
        var between = (await cluster.Agent.FetchStateAsync()).State;
        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(before, [Said(before, InstallPhase.Healthy, [])])).JsonAsync(204);

        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(between, [Said(before, InstallPhase.Removed, [])])).JsonAsync(204);

        Assert.True(Assert.Single((await cluster.Agent.FetchStateAsync()).State.Installs, wanted => wanted.Id == install.Id()).Removed);
    }

    /// <summary>Both were brought back under one name, which the table refuses: every report of that cluster was answered with 500 from then on.</summary>
    [Fact]
    public async Task Of_two_withdrawn_installs_of_one_name_that_are_both_reported_one_comes_back()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.Organization.PublishAsync("hello");
        var said = new List<InstallReport>();
        DesiredState state;
        for (var i = 0; i < 2; i++)
        {
            var install = await cluster.RequestAsync("hello", "hello", "default").JsonAsync(201);
            state = (await cluster.Agent.FetchStateAsync()).State;
            said.Add(Said(state, InstallPhase.Healthy, []));
            await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state, refusals: [new(RefusalCode.InstallUnapproved, "0 of 1.", install.Id())])).JsonAsync(204);
            await cluster.Client.DeleteAsync($"{cluster.Path}/installs/{install.Id()}").JsonAsync(202);
        }
        state = (await cluster.Agent.FetchStateAsync()).State;

        await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state, said)).JsonAsync(204);

        Assert.Single((await cluster.Agent.FetchStateAsync()).State.Installs);
    }

    /// <summary>A container may write a NUL as its last words; it is the agent's to leave out, and the Hub says so.</summary>
    [Fact]
    public async Task A_report_with_a_NUL_is_refused_with_the_reason()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        await cluster.InstallAsync();
        var state = (await cluster.Agent.FetchStateAsync()).State;

        var problem = await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state, [Said(state, InstallPhase.Failed, []) with { FirstErrors = ["exit 1: \0"] }]))
            .RefusedAsync(HttpStatusCode.BadRequest, "request.malformed");

        Assert.Contains("U+0000", problem.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_newest_reports_are_kept_and_no_more()
    {
        var cluster = await hub.NewEnrolledClusterAsync();
        var state = (await cluster.Agent.FetchStateAsync()).State;
        for (var i = 0; i < Domain.StoredReport.Kept + 5; i++)
            await cluster.Agent.ReportAsync(cluster.Agent.NewReport(state) with { AgentVersion = $"0.1.{i}" }).JsonAsync(204);

        var kept = (await cluster.Client.GetAsync($"{cluster.Path}/reports?limit=100").JsonAsync()).Items();

        Assert.Equal(Domain.StoredReport.Kept, kept.Count);
        Assert.Equal($"0.1.{Domain.StoredReport.Kept + 4}", kept[0].GetProperty("report").Text("agentVersion"));
    }

    /// <summary>What an agent would say of the state's one install.</summary>
    private static InstallReport Said(DesiredState state, InstallPhase phase, IReadOnlyList<StepReport> steps)
    {
        var install = state.Installs[0];
        return new(install.Id, InstallDigest.Of(state.Cluster, state.Organization, install), install.Version, phase, steps, [], new(3, 3), [], 0, []);
    }
}
