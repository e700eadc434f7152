using System.Net;
using System.Net.Http.Json;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Jobs;
using CodeZero.Hub.Platform.Mail;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>The end of an account: a week to think again, and no organization without an owner.</summary>
public sealed class AccountDeletionTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private const string Page = "/account/data/delete";

    [Fact]
    public void An_organization_that_is_in_use_is_in_the_way_whatever_was_chosen()
    {
        var (free, used) = (new OwnedAlone(Guid.CreateVersion7(), "free", "Free", 0, []), new OwnedAlone(Guid.CreateVersion7(), "used", "Used", 2, ["It has clusters: demo."]));

        Assert.Null(AccountDeletionRules.FindFault([free], [free.Id]));
        Assert.Contains("Free has no owner but you", AccountDeletionRules.FindFault([free], []), StringComparison.Ordinal);
        Assert.Contains("It has clusters: demo.", AccountDeletionRules.FindFault([free, used], [free.Id, used.Id]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_is_gone_a_week_after_it_was_asked_for_with_all_that_was_its_own()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var tokens = await flow.TokensAsync();
        var organization = await OrganizationAsync(flow);

        Assert.Equal("/account/data/deleted", (await AskAsync(flow, organization)).Headers.Location?.ToString());

        Assert.False(flow.Browser.Cookies.ContainsKey("codezero-session"));
        Assert.Equal(HttpStatusCode.OK, (await flow.Browser.GetAsync("/account/data/deleted")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>())).StatusCode);
        Assert.Contains("will be deleted on", await MailAsync(flow), StringComparison.Ordinal);
        fixture.Clock.Advance(TimeSpan.FromDays(6.9));
        await RunJobAsync();
        Assert.True(await ExistsAsync(flow));
        fixture.Clock.Advance(TimeSpan.FromDays(0.2));
        await RunJobAsync();
        Assert.False(await ExistsAsync(flow));
        Assert.Equal(0, await fixture.QueryAsync<long>("select count(*) from identity.organizations where organization_id = $1", organization));
        Assert.Equal(0, await fixture.QueryAsync<long>("select count(*) from identity.sessions where user_id = $1", flow.UserId));
        Assert.Contains("as you asked a week ago", await MailAsync(flow), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_signs_in_within_the_week_can_keep_the_account()
    {
        var flow = await Flow.SignUpAsync(fixture);
        await AskAsync(flow, await OrganizationAsync(flow));

        await flow.Browser.SignInAsync(flow.Email, Flow.Password);
        await flow.Browser.GetAsync("/account");
        Assert.Contains("will be deleted on", flow.Browser.Page, StringComparison.Ordinal);
        await flow.Browser.GetAsync("/account/data");
        Assert.Equal("/account/data", (await flow.Browser.SubmitAsync()).Headers.Location?.ToString());

        fixture.Clock.Advance(TimeSpan.FromDays(8));
        await RunJobAsync();
        Assert.True(await ExistsAsync(flow));
    }

    [Fact]
    public async Task An_organization_without_another_owner_must_be_chosen_to_end()
    {
        var flow = await Flow.SignUpAsync(fixture);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await AskAsync(flow)).StatusCode);

        Assert.Contains("has no owner but you", flow.Browser.Page, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await flow.Browser.GetAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task An_organization_with_another_owner_stays()
    {
        var (flow, other) = (await Flow.SignUpAsync(fixture), await Flow.SignUpAsync(fixture));
        var organization = await OrganizationAsync(flow);
        await JoinAsync(other, organization, "owner");

        Assert.Equal(HttpStatusCode.SeeOther, (await AskAsync(flow)).StatusCode);
        fixture.Clock.Advance(TimeSpan.FromDays(7.1));
        await RunJobAsync();

        Assert.False(await ExistsAsync(flow));
        Assert.Equal(other.UserId, await fixture.QueryAsync<Guid>("select user_id from identity.memberships where organization_id = $1", organization));
        Assert.Equal("member.left", await fixture.QueryAsync<string>("select action from identity.audit_events where organization_id = $1 order by sequence desc limit 1", organization));
    }

    [Fact]
    public async Task An_organization_with_a_cluster_does_not_end_with_its_owner()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var organization = await OrganizationAsync(flow);
        await AddClusterAsync(flow, organization);
        await flow.Browser.GetAsync(Page);
        Assert.Contains("It has clusters: demo", flow.Browser.Page, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await AskAsync(flow, organization)).StatusCode);
    }

    [Fact]
    public async Task What_comes_in_the_way_within_the_week_keeps_the_account_and_the_person_is_told()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var organization = await OrganizationAsync(flow);
        await AskAsync(flow, organization);
        await flow.Browser.SignInAsync(flow.Email, Flow.Password);
        await AddClusterAsync(flow, organization);

        fixture.Clock.Advance(TimeSpan.FromDays(7.1));
        await RunJobAsync();
        await RunJobAsync();

        Assert.True(await ExistsAsync(flow));
        Assert.Contains("was not, because something changed", await MailAsync(flow), StringComparison.Ordinal);
        Assert.Contains("It has clusters: demo", await MailAsync(flow), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_one_organization_cannot_let_the_person_go_none_has_ended_and_none_was_left()
    {
        var (flow, other) = (await Flow.SignUpAsync(fixture), await Flow.SignUpAsync(fixture));
        var (own, joined, held) = (await OrganizationAsync(flow), await OrganizationAsync(other), await OrganizationAsync(await Flow.SignUpAsync(fixture)));
        await AddAsync(flow, joined, "viewer");
        await AddAsync(flow, held, "owner");
        await fixture.ExecuteAsync("update identity.memberships set break_glass = true where organization_id = $1 and user_id = $2", held, flow.UserId);
        await AskAsync(flow, own);

        fixture.Clock.Advance(TimeSpan.FromDays(7.1));
        await RunJobAsync();

        Assert.True(await ExistsAsync(flow));
        Assert.Contains("the last owner of", await MailAsync(flow), StringComparison.Ordinal);
        Assert.Equal(3, await fixture.QueryAsync<long>("select count(*) from identity.memberships where user_id = $1", flow.UserId));
        Assert.Equal(1, await fixture.QueryAsync<long>("select count(*) from identity.organizations where organization_id = $1", own));
    }

    [Fact]
    public async Task U16_It_asks_for_a_proof_of_the_last_minutes()
    {
        var flow = await Flow.SignUpAsync(fixture);

        fixture.Clock.Advance(TimeSpan.FromMinutes(11));

        Assert.StartsWith("/reauthenticate", (await flow.Browser.GetAsync(Page)).Headers.Location?.ToString(), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> AskAsync(Flow flow, params Guid[] organizations)
    {
        await flow.Browser.GetAsync(Page);
        return await flow.Browser.SubmitAsync([.. organizations.Select(organization => ("organizations", organization.ToString()))]);
    }

    private Task<Guid> OrganizationAsync(Flow flow) => fixture.QueryAsync<Guid>("select organization_id from identity.memberships where user_id = $1", flow.UserId);

    /// <summary>Makes the other person a member there, and nowhere else.</summary>
    private async Task JoinAsync(Flow other, Guid organization, string role)
    {
        await AddAsync(other, organization, role);
        await fixture.ExecuteAsync("delete from identity.memberships where user_id = $1 and organization_id <> $2", other.UserId, organization);
    }

    /// <summary>Makes the person a member there, too.</summary>
    private Task AddAsync(Flow flow, Guid organization, string role) =>
        fixture.ExecuteAsync("insert into identity.memberships (organization_id, user_id, role, since) values ($1, $2, $3, now())", organization, flow.UserId, role);

    private async Task AddClusterAsync(Flow flow, Guid organization)
    {
        using var client = fixture.Hub.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", (await flow.TokensAsync())["access_token"]!.GetValue<string>());
        (await client.PostAsJsonAsync($"/v1/orgs/{organization}/clusters", new { name = "demo" })).EnsureSuccessStatusCode();
    }

    private async Task RunJobAsync()
    {
        await using var scope = fixture.Hub.Services.CreateAsyncScope();
        await new DeleteAccounts(scope.ServiceProvider.GetRequiredService<AccountDeletions>()).RunAsync(CancellationToken.None);
    }

    private Task<bool> ExistsAsync(Flow flow) => fixture.QueryAsync<bool>("select exists (select from identity.users where id = $1)", flow.UserId);

    private async Task<string> MailAsync(Flow flow) =>
        (await fixture.Hub.Services.GetRequiredService<DevelopmentOutbox>().ReadAsync(flow.Email, CancellationToken.None))[0].Message.Text;
}
