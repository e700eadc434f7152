using System.Net;
using System.Text.Json.Nodes;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Tokens that are asked about or given back, rows I01 to I10.</summary>
public sealed class RevocationAndIntrospectionTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    [Theory]
    [InlineData("web")]
    [InlineData("webs")]
    public async Task Z09_A_client_asks_about_its_own_tokens_and_gives_them_back(string client)
    {
        var flow = await fixture.SignedInAsync(client);
        var tokens = await flow.TokensAsync();
        var (access, refresh) = (Access(tokens), Refresh(tokens));

        var response = await flow.IntrospectAsync(access);
        var answer = await Flow.ReadAsync(response);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        Assert.Equal((true, "Bearer", client, flow.UserId.ToString(), fixture.Issuer, fixture.Issuer + "/v1", "openid hub offline_access"),
            (answer["active"]!.GetValue<bool>(), Text(answer, "token_type"), Text(answer, "client_id"), Text(answer, "sub"), Text(answer, "iss"), Text(answer, "aud"), Text(answer, "scope")));
        Assert.Equal(Jwt.Claims(access)["exp"]!.GetValue<long>(), answer["exp"]!.GetValue<long>());
        Assert.True(await flow.IsActiveAsync(refresh));

        var revoked = await flow.RevokeAsync(refresh);
        Assert.Equal((HttpStatusCode.OK, ""), (revoked.StatusCode, await revoked.Content.ReadAsStringAsync()));
        Assert.False(await flow.IsActiveAsync(refresh));
        Assert.False(await flow.IsActiveAsync(access));
    }

    [Theory]
    [InlineData("I01", "-client_assertion", "-client_assertion_type")]
    [InlineData("I01", "-client_assertion", "-client_assertion_type", "client_id=web")]
    [InlineData("I01", "client_assertion=garbage")]
    [InlineData("I05", "-client_assertion", "-client_assertion_type", "client_id=spa")]
    public async Task Who_does_not_authenticate_is_told_nothing(string id, params string[] changes)
    {
        var flow = await fixture.SignedInAsync("web");
        var token = Access(await flow.TokensAsync());

        await Refusal.IsJsonAsync(await flow.IntrospectAsync(token, changes), 401, "invalid_client");
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task I02_I07_Without_a_token_the_request_is_wrong()
    {
        var flow = Flow.SignedOut(fixture, "web");

        await Refusal.IsJsonAsync(await flow.IntrospectAsync("", "-token"), 400, "invalid_request");
        await Refusal.IsJsonAsync(await flow.RevokeAsync("", "-token"), 400, "invalid_request");
        await Refusal.IsJsonAsync(await flow.RevokeAsync("x", "+token=y"), 400, "invalid_request");
    }

    [Fact]
    public async Task I03_What_has_ended_or_never_was_is_inactive_and_nothing_else()
    {
        var flow = await Flow.SignUpAsync(fixture, "web");
        var tokens = await flow.TokensAsync();
        var (access, refresh) = (Access(tokens), Refresh(tokens));
        var successor = Refresh(await Flow.ReadAsync(await flow.RefreshAsync(refresh)));

        Assert.False(await flow.IsActiveAsync(refresh)); // consumed
        Assert.True(await flow.IsActiveAsync(successor));
        foreach (var garbage in new[] { "x", "a.b.c", new string('A', 43), tokens["id_token"]!.GetValue<string>(), access[..^6] + "AAAAAA", new string('a', 9000), "\0", "\ud800" })
            Assert.False(await flow.IsActiveAsync(garbage));
        fixture.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.False(await flow.IsActiveAsync(access)); // expired
        Assert.True(await flow.IsActiveAsync(successor));
        fixture.Clock.Advance(TimeSpan.FromDays(14.1));
        Assert.False(await flow.IsActiveAsync(successor));
        fixture.ForgetPerson();
    }

    [Theory]
    [InlineData("I03", "update identity.users set security_stamp = 'changed' where id = $1")]
    [InlineData("I03", "update identity.users set lockout_end = 'infinity' where id = $1")]
    [InlineData("I03", "delete from identity.consents where user_id = $1")]
    [InlineData("I03", "update identity.grants set revoked_at = now() where user_id = $1")]
    [InlineData("I03", "delete from identity.users where id = $1")]
    public async Task A_token_is_inactive_when_what_it_stands_on_has_ended(string id, string sql)
    {
        var flow = await Flow.SignUpAsync(fixture, "web");
        var tokens = await flow.TokensAsync();
        Assert.True(await flow.IsActiveAsync(Access(tokens)));

        await fixture.ExecuteAsync(sql, flow.UserId);

        Assert.False(await flow.IsActiveAsync(Access(tokens)));
        Assert.False(await flow.IsActiveAsync(Refresh(tokens)));
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task I04_A_resource_server_is_told_about_tokens_for_it_and_no_others()
    {
        var web = await fixture.SignedInAsync("web");
        var forApi = Access(await web.TokensAsync($"resource={IdentityFixture.Resource}"));
        var (forOther, forHub) = (Access(await web.TokensAsync("resource=https://other-api.example")), Access(await web.TokensAsync()));
        var server = Flow.SignedOut(fixture, "rs");

        Assert.True(await server.IsActiveAsync(forApi));
        Assert.False(await server.IsActiveAsync(forOther));
        Assert.False(await server.IsActiveAsync(forHub));
        Assert.False(await Flow.SignedOut(fixture, "evil").IsActiveAsync(forApi));
        Assert.False(await server.IsActiveAsync(Refresh(await web.TokensAsync($"resource={IdentityFixture.Resource}"))));
    }

    [Theory]
    [InlineData("unknown")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("\0")]
    public async Task I06_What_is_no_token_is_given_back_in_peace(string token)
    {
        var response = await Flow.SignedOut(fixture, "web").RevokeAsync(token);

        Assert.Equal((HttpStatusCode.OK, ""), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task I06_Giving_back_twice_is_the_same_as_once()
    {
        var flow = await fixture.SignedInAsync("web");
        var refresh = Refresh(await flow.TokensAsync());

        for (var i = 0; i < 2; i++)
            Assert.Equal(HttpStatusCode.OK, (await flow.RevokeAsync(refresh)).StatusCode);
    }

    [Fact]
    public async Task I08_Another_clients_token_lives_on_and_nothing_is_told()
    {
        var flow = await fixture.SignedInAsync("web");
        var tokens = await flow.TokensAsync();

        foreach (var other in new[] { Flow.SignedOut(fixture, "evil"), Flow.SignedOut(fixture) })
            foreach (var token in new[] { Access(tokens), Refresh(tokens) })
                Assert.Equal(HttpStatusCode.OK, (await other.RevokeAsync(token)).StatusCode);

        Assert.True(await flow.IsActiveAsync(Access(tokens)));
        await Flow.ReadAsync(await flow.RefreshAsync(Refresh(tokens)));
    }

    [Theory]
    [InlineData("access_token")]
    [InlineData("something")]
    public async Task I09_A_wrong_hint_does_not_matter(string hint)
    {
        var flow = await fixture.SignedInAsync("web");
        var refresh = Refresh(await flow.TokensAsync());

        await flow.RevokeAsync(refresh, $"token_type_hint={hint}");

        await Refusal.IsJsonAsync(await flow.RefreshAsync(refresh), 400, "invalid_grant");
    }

    [Theory]
    [InlineData("refresh_token")]
    [InlineData("access_token")]
    public async Task I10_With_one_token_the_whole_family_ends(string which)
    {
        var flow = await fixture.SignedInAsync("web");
        var first = await flow.TokensAsync();
        var second = await Flow.ReadAsync(await flow.RefreshAsync(Refresh(first)));

        await flow.RevokeAsync(second[which]!.GetValue<string>());

        foreach (var access in new[] { Access(first), Access(second) })
            Assert.False(await flow.IsActiveAsync(access));
        await Refusal.IsJsonAsync(await flow.RefreshAsync(Refresh(second)), 400, "invalid_grant");
    }

    [Fact]
    public async Task A_public_client_gives_its_refresh_token_back_by_naming_itself()
    {
        var flow = await fixture.SignedInAsync();
        var refresh = Refresh(await flow.TokensAsync());

        Assert.Equal(HttpStatusCode.OK, (await flow.RevokeAsync(refresh)).StatusCode);

        await Refusal.IsJsonAsync(await flow.RefreshAsync(refresh), 400, "invalid_grant");
    }

    [Fact]
    public async Task D04_R03_The_access_tokens_of_a_stolen_family_are_inactive_too()
    {
        var flow = await fixture.SignedInAsync("web");
        var code = await flow.CodeAsync();
        var redeemed = await Flow.ReadAsync(await flow.RedeemAsync(code));
        await flow.RedeemAsync(code);
        Assert.False(await flow.IsActiveAsync(Access(redeemed)));

        var first = await flow.TokensAsync();
        var second = await Flow.ReadAsync(await flow.RefreshAsync(Refresh(first)));
        fixture.Clock.Advance(TimeSpan.FromSeconds(31));
        await flow.RefreshAsync(Refresh(first));
        Assert.False(await flow.IsActiveAsync(Access(second)));
        Assert.False(await flow.IsActiveAsync(Refresh(second)));
    }

    [Fact]
    public async Task A_clients_own_token_ends_alone()
    {
        var flow = Flow.SignedOut(fixture, "m2m");
        var (one, other) = (await OwnAsync(flow), await OwnAsync(flow));
        Assert.True(await flow.IsActiveAsync(one));

        await flow.RevokeAsync(one);

        Assert.False(await flow.IsActiveAsync(one));
        Assert.True(await flow.IsActiveAsync(other));

        static async Task<string> OwnAsync(Flow flow) => Access(await Flow.ReadAsync(await flow.TokenAsync([("grant_type", "client_credentials"), .. flow.Authentication()])));
    }

    [Theory]
    [InlineData("/connect/revocation")]
    [InlineData("/connect/introspection")]
    public async Task Only_posted_forms_are_served(string path)
    {
        using var client = fixture.Hub.CreateClient();

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.GetAsync(path)).StatusCode);
        await Refusal.IsJsonAsync(await client.PostAsync(path, new StringContent("{}", System.Text.Encoding.UTF8, "application/json")), 400, "invalid_request");
        await Refusal.IsJsonAsync(await client.PostAsync(path + "?client_id=spa", new FormUrlEncodedContent([new("token", "x")])), 400, "invalid_request");
    }

    private static string Access(JsonObject tokens) => tokens["access_token"]!.GetValue<string>();

    private static string Refresh(JsonObject tokens) => tokens["refresh_token"]!.GetValue<string>();

    private static string? Text(JsonObject answer, string name) => answer[name]?.GetValue<string>();
}
