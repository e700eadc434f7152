using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Refresh tokens, rows R.</summary>
public sealed class RefreshTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    [Theory]
    [InlineData("spa")]
    [InlineData("web")]
    public async Task Z03_A_refresh_brings_new_tokens_and_its_successor(string client)
    {
        var flow = await fixture.SignedInAsync(client);
        var first = RefreshToken(await flow.TokensAsync());

        var tokens = await Flow.ReadAsync(await flow.RefreshAsync(first));

        Assert.NotEqual(first, RefreshToken(tokens));
        Assert.Equal(flow.UserId.ToString(), Jwt.Claims(tokens["access_token"]!.GetValue<string>())["sub"]!.GetValue<string>());
        Assert.False(Jwt.Claims(tokens["id_token"]!.GetValue<string>()).ContainsKey("nonce"));
        await Flow.ReadAsync(await flow.RefreshAsync(RefreshToken(tokens)));
    }

    [Theory]
    [InlineData("R01", "invalid_request", "-refresh_token")]
    [InlineData("R01", "invalid_grant", "refresh_token=unknown")]
    [InlineData("R01", "invalid_grant", "refresh_token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("R06", "invalid_scope", "scope=openid hub offline_access more")]
    [InlineData("R06", "invalid_scope", "scope=\"")]
    public async Task Wrong_refreshes_bring_nothing_and_leave_the_token_good(string id, string error, string change)
    {
        var flow = await fixture.SignedInAsync();
        var token = RefreshToken(await flow.TokensAsync());

        await Refusal.IsJsonAsync(await flow.RefreshAsync(token, change), 400, error);

        await Flow.ReadAsync(await flow.RefreshAsync(token));
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task R01_An_unused_token_expires()
    {
        var flow = await fixture.SignedInAsync();
        var token = RefreshToken(await flow.TokensAsync());

        fixture.Clock.Advance(TimeSpan.FromDays(14.1));

        await Refusal.IsJsonAsync(await flow.RefreshAsync(token), 400, "invalid_grant");
        fixture.ForgetPerson();
    }

    [Fact]
    public async Task R02_Another_clients_token_is_refused_and_its_family_untouched()
    {
        var flow = await fixture.SignedInAsync("web");
        var token = RefreshToken(await flow.TokensAsync());

        await Refusal.IsJsonAsync(await flow.As("evil").RefreshAsync(token), 400, "invalid_grant");

        await Flow.ReadAsync(await flow.RefreshAsync(token));
    }

    [Fact]
    public async Task R03_Reuse_after_the_leeway_ends_the_family_the_newest_token_too()
    {
        var flow = await fixture.SignedInAsync();
        var first = RefreshToken(await flow.TokensAsync());
        var second = RefreshToken(await Flow.ReadAsync(await flow.RefreshAsync(first)));

        fixture.Clock.Advance(TimeSpan.FromSeconds(31));

        await Refusal.IsJsonAsync(await flow.RefreshAsync(first), 400, "invalid_grant");
        await Refusal.IsJsonAsync(await flow.RefreshAsync(second), 400, "invalid_grant");
    }

    [Fact]
    public async Task R03_Reuse_within_the_leeway_but_after_the_successor_was_used_ends_the_family()
    {
        var flow = await fixture.SignedInAsync();
        var first = RefreshToken(await flow.TokensAsync());
        var second = RefreshToken(await Flow.ReadAsync(await flow.RefreshAsync(first)));
        var third = RefreshToken(await Flow.ReadAsync(await flow.RefreshAsync(second)));

        await Refusal.IsJsonAsync(await flow.RefreshAsync(first), 400, "invalid_grant");

        await Refusal.IsJsonAsync(await flow.RefreshAsync(third), 400, "invalid_grant");
    }

    [Fact]
    public async Task R04_Within_the_leeway_a_lost_answer_is_given_again_with_the_same_successor()
    {
        var flow = await fixture.SignedInAsync();
        var first = RefreshToken(await flow.TokensAsync());
        var second = RefreshToken(await Flow.ReadAsync(await flow.RefreshAsync(first)));

        fixture.Clock.Advance(TimeSpan.FromSeconds(20));

        Assert.Equal(second, RefreshToken(await Flow.ReadAsync(await flow.RefreshAsync(first))));
        await Flow.ReadAsync(await flow.RefreshAsync(second));
    }

    [Fact]
    public async Task R05_Fifty_refreshes_at_once_leave_one_family_with_one_live_token()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var token = RefreshToken(await flow.TokensAsync());

        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => flow.RefreshAsync(token)));

        var successors = new HashSet<string>();
        foreach (var response in responses)
            successors.Add(RefreshToken(await Flow.ReadAsync(response)));
        await Flow.ReadAsync(await flow.RefreshAsync(Assert.Single(successors)));
        Assert.Equal(1L, await fixture.QueryAsync<long>("select count(*) from identity.refresh_tokens t join identity.grants g on g.id = t.grant_id where g.user_id = $1 and t.used_at is null", flow.UserId));
    }

    [Fact]
    public async Task R07_A_narrowed_refresh_narrows_its_access_token_not_the_grant()
    {
        var flow = await fixture.SignedInAsync();
        var first = RefreshToken(await flow.TokensAsync());

        var narrowed = await Flow.ReadAsync(await flow.RefreshAsync(first, "scope=openid"));
        var full = await Flow.ReadAsync(await flow.RefreshAsync(RefreshToken(narrowed)));

        Assert.Equal("openid", Jwt.Claims(narrowed["access_token"]!.GetValue<string>())["scope"]!.GetValue<string>());
        Assert.Equal("openid hub offline_access", full["scope"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("R08", "update identity.users set security_stamp = 'changed' where id = $1")]
    [InlineData("R08", "update identity.users set lockout_end = 'infinity' where id = $1")]
    [InlineData("R08", "delete from identity.users where id = $1")]
    [InlineData("R08", "delete from identity.consents where user_id = $1")]
    [InlineData("U17", "update identity.users set security_stamp = 'changed', password_hash = 'changed' where id = $1")]
    public async Task What_the_token_stands_on_must_still_stand(string id, string sql)
    {
        var flow = await Flow.SignUpAsync(fixture);
        var token = RefreshToken(await flow.TokensAsync());

        await fixture.ExecuteAsync(sql, flow.UserId);

        await Refusal.IsJsonAsync(await flow.RefreshAsync(token), 400, "invalid_grant");
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task A_lock_for_wrong_passwords_does_not_end_what_runs_already()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var token = RefreshToken(await flow.TokensAsync());

        await fixture.ExecuteAsync("update identity.users set lockout_end = now() + interval '5 minutes' where id = $1", flow.UserId);

        await Flow.ReadAsync(await flow.RefreshAsync(token));
    }

    [Fact]
    public async Task A_refresh_token_outlives_the_browser_session()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var token = RefreshToken(await flow.TokensAsync());

        await fixture.ExecuteAsync("update identity.sessions set ended_at = now() where user_id = $1", flow.UserId);

        await Flow.ReadAsync(await flow.RefreshAsync(token));
    }

    [Fact]
    public async Task R09_After_ninety_days_no_renewal_helps()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var token = RefreshToken(await flow.TokensAsync());

        for (var days = 0; days < 88; days += 11)
        {
            fixture.Clock.Advance(TimeSpan.FromDays(11));
            token = RefreshToken(await Flow.ReadAsync(await flow.RefreshAsync(token)));
        }
        fixture.Clock.Advance(TimeSpan.FromDays(3));

        await Refusal.IsJsonAsync(await flow.RefreshAsync(token), 400, "invalid_grant");
        fixture.ForgetPerson();
    }

    [Fact]
    public async Task R10_A_bound_token_needs_its_key()
    {
        using var key = new DpopKey();
        using var other = new DpopKey();
        var flow = (await fixture.SignedInAsync()).As("spa", key);
        var token = RefreshToken(await flow.TokensAsync());

        await Refusal.IsJsonAsync(await flow.As("spa", other).RefreshAsync(token), 400, "invalid_grant");
        await Refusal.IsJsonAsync(await flow.As("spa").RefreshAsync(token), 400, "invalid_grant", "invalid_dpop_proof");
        await Flow.ReadAsync(await flow.RefreshAsync(token));
    }

    [Fact]
    public async Task R12_A_client_without_offline_access_gets_no_refresh_token()
    {
        var flow = await fixture.SignedInAsync("online");

        Refusal.IsSentBack(await flow.AuthorizeAsync("scope=openid offline_access"), "invalid_scope", flow, fixture.Issuer);
        Assert.False((await flow.TokensAsync()).ContainsKey("refresh_token"));
    }

    [Fact]
    public async Task R13_Another_token_is_no_refresh_token()
    {
        var flow = await fixture.SignedInAsync();
        var tokens = await flow.TokensAsync();

        foreach (var other in new[] { "access_token", "id_token" })
            await Refusal.IsJsonAsync(await flow.RefreshAsync(tokens[other]!.GetValue<string>()), 400, "invalid_grant");
    }

    [Fact]
    public async Task R14_An_unbound_token_cannot_be_bound_later()
    {
        using var key = new DpopKey();
        var flow = await fixture.SignedInAsync();
        var token = RefreshToken(await flow.TokensAsync());

        await Refusal.IsJsonAsync(await flow.As("spa", key).RefreshAsync(token), 400, "invalid_grant");
    }

    private static string RefreshToken(JsonObject tokens) => tokens["refresh_token"]!.GetValue<string>();
}
