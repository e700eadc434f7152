using System.Net;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Authorization codes at the token endpoint, rows D and P07 to P12.</summary>
public sealed class CodeRedemptionTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    [Theory]
    [InlineData("spa")]
    [InlineData("web")]
    [InlineData("nat")]
    public async Task Z01_Z02_A_code_brings_tokens_for_the_api(string client)
    {
        var flow = await fixture.SignedInAsync(client);

        var response = await flow.RedeemAsync(await flow.CodeAsync());

        var tokens = await Flow.ReadAsync(response);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        Assert.Equal(("Bearer", 600, "openid hub offline_access"), (tokens["token_type"]!.GetValue<string>(), tokens["expires_in"]!.GetValue<int>(), tokens["scope"]!.GetValue<string>()));
        var token = tokens["access_token"]!.GetValue<string>();
        var (header, claims) = (Jwt.Header(token), Jwt.Claims(token));
        Assert.Equal(("at+jwt", "ES256"), (header["typ"]!.GetValue<string>(), header["alg"]!.GetValue<string>()));
        Assert.Equal((fixture.Issuer, fixture.Issuer + "/v1", flow.UserId.ToString(), client),
            (claims["iss"]!.GetValue<string>(), claims["aud"]!.GetValue<string>(), claims["sub"]!.GetValue<string>(), claims["client_id"]!.GetValue<string>()));
        Assert.Equal(600, claims["exp"]!.GetValue<long>() - claims["iat"]!.GetValue<long>());
        Assert.NotNull(tokens["refresh_token"]);
    }

    [Fact]
    public async Task K06_The_id_token_is_for_the_client_with_its_nonce_and_binds_the_access_token()
    {
        var flow = await fixture.SignedInAsync();

        var tokens = await flow.TokensAsync("nonce=n-4711");

        var token = tokens["id_token"]!.GetValue<string>();
        var claims = Jwt.Claims(token);
        Assert.Equal("RS256", Jwt.Header(token)["alg"]!.GetValue<string>());
        Assert.Equal((fixture.Issuer, "spa", "n-4711", flow.UserId.ToString()), (claims["iss"]!.GetValue<string>(), claims["aud"]!.GetValue<string>(), claims["nonce"]!.GetValue<string>(), claims["sub"]!.GetValue<string>()));
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(tokens["access_token"]!.GetValue<string>()));
        Assert.Equal(System.Buffers.Text.Base64Url.EncodeToString(hash.AsSpan(0, 16)), claims["at_hash"]!.GetValue<string>());
        Assert.InRange(claims["exp"]!.GetValue<long>() - claims["iat"]!.GetValue<long>(), 1, 900);
        Assert.True(claims.ContainsKey("auth_time"));
    }

    [Fact]
    public async Task Without_the_scope_hub_a_token_is_not_for_the_api()
    {
        var flow = await fixture.SignedInAsync();
        var token = (await flow.TokensAsync("scope=openid"))["access_token"]!.GetValue<string>();
        using var client = fixture.Hub.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);

        Assert.Equal(fixture.Issuer, Jwt.Claims(token)["aud"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/me")).StatusCode);
    }

    [Theory]
    [InlineData("D01", "invalid_request", "-code")]
    [InlineData("D02", "invalid_grant", "code=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("D02", "invalid_grant", "code=short")]
    [InlineData("D02", "invalid_grant", "code=\0")]
    [InlineData("D07", "invalid_grant", "-redirect_uri")]
    [InlineData("D08", "invalid_grant", "redirect_uri=https://spa.example/cb2")]
    [InlineData("P07", "invalid_request", "-code_verifier")]
    [InlineData("P08", "invalid_grant", "code_verifier=BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB")]
    [InlineData("P09", "invalid_request", "code_verifier=BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB")]
    [InlineData("P09", "invalid_request", "code_verifier=BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB+")]
    public async Task Wrong_redemptions_bring_nothing(string id, string error, string change)
    {
        var flow = await fixture.SignedInAsync();

        await Refusal.IsJsonAsync(await flow.RedeemAsync(await flow.CodeAsync(), change), 400, error);
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task P08_A_wrong_verifier_uses_the_code_up()
    {
        var flow = await fixture.SignedInAsync();
        var code = await flow.CodeAsync();

        await flow.RedeemAsync(code, "code_verifier=BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB");

        await Refusal.IsJsonAsync(await flow.RedeemAsync(code), 400, "invalid_grant");
    }

    [Fact]
    public async Task P09_A_verifier_of_129_characters_is_refused()
    {
        var flow = await fixture.SignedInAsync();

        await Refusal.IsJsonAsync(await flow.RedeemAsync(await flow.CodeAsync(), $"code_verifier={new string('b', 129)}"), 400, "invalid_request");
    }

    [Fact]
    public async Task P10_A_code_without_a_challenge_cannot_come_to_be()
    {
        var flow = await fixture.SignedInAsync("web");

        Refusal.IsSentBack(await flow.AuthorizeAsync("-code_challenge", "-code_challenge_method"), "invalid_request", flow, fixture.Issuer);
    }

    [Fact]
    public async Task P11_The_challenge_is_no_verifier()
    {
        var flow = await fixture.SignedInAsync();

        await Refusal.IsJsonAsync(await flow.RedeemAsync(await flow.CodeAsync(), $"code_verifier={flow.Challenge}"), 400, "invalid_grant");
    }

    [Fact]
    public async Task P12_A_code_does_not_fit_another_sessions_verifier()
    {
        var (mine, other) = (await fixture.SignedInAsync(), (await fixture.SignedInAsync()).As("spa"));

        await Refusal.IsJsonAsync(await mine.RedeemAsync(await other.CodeAsync()), 400, "invalid_grant");
    }

    [Fact]
    public async Task D03_An_expired_code_is_refused()
    {
        var flow = await fixture.SignedInAsync();
        var code = await flow.CodeAsync();

        fixture.Clock.Advance(TimeSpan.FromSeconds(61));

        await Refusal.IsJsonAsync(await flow.RedeemAsync(code), 400, "invalid_grant");
    }

    [Fact]
    public async Task D04_A_replayed_code_ends_the_family()
    {
        var flow = await fixture.SignedInAsync();
        var code = await flow.CodeAsync();
        var tokens = await Flow.ReadAsync(await flow.RedeemAsync(code));

        await Refusal.IsJsonAsync(await flow.RedeemAsync(code), 400, "invalid_grant");

        await Refusal.IsJsonAsync(await flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>()), 400, "invalid_grant");
    }

    [Fact]
    public async Task D04_An_idempotency_key_does_not_make_a_code_good_twice()
    {
        var flow = await fixture.SignedInAsync();
        var code = await flow.CodeAsync();
        using var client = fixture.Hub.CreateClient();
        client.DefaultRequestHeaders.Add("Idempotency-Key", "the-same");
        var form = new Dictionary<string, string> { ["grant_type"] = "authorization_code", ["client_id"] = "spa", ["code"] = code, ["redirect_uri"] = flow.RedirectUri, ["code_verifier"] = flow.Verifier };
        await Flow.ReadAsync(await client.PostAsync("/connect/token", new FormUrlEncodedContent(form)));

        await Refusal.IsJsonAsync(await client.PostAsync("/connect/token", new FormUrlEncodedContent(form)), 400, "invalid_grant");
    }

    [Fact]
    public async Task D05_Of_fifty_redemptions_at_once_one_wins_and_then_the_family_ends()
    {
        var flow = await fixture.SignedInAsync();
        var code = await flow.CodeAsync();

        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => flow.RedeemAsync(code)));

        var winner = Assert.Single(responses, response => response.StatusCode == HttpStatusCode.OK);
        foreach (var loser in responses.Where(response => response != winner))
            await Refusal.IsJsonAsync(loser, 400, "invalid_grant");
        await Refusal.IsJsonAsync(await flow.RefreshAsync((await Flow.ReadAsync(winner))["refresh_token"]!.GetValue<string>()), 400, "invalid_grant");
    }

    [Fact]
    public async Task D06_Another_clients_code_is_refused_and_stays_good_for_its_own()
    {
        var flow = await fixture.SignedInAsync("web");
        var code = await flow.CodeAsync();

        await Refusal.IsJsonAsync(await flow.As("evil").RedeemAsync(code, "redirect_uri=https://rp.example/cb", $"code_verifier={flow.Verifier}"), 400, "invalid_grant");

        await Flow.ReadAsync(await flow.RedeemAsync(code));
    }

    [Fact]
    public async Task D09_A_scope_in_the_token_request_does_not_widen()
    {
        var flow = await fixture.SignedInAsync();

        var tokens = await Flow.ReadAsync(await flow.RedeemAsync(await flow.CodeAsync("scope=openid"), "scope=openid hub offline_access"));

        Assert.Equal("openid", tokens["scope"]!.GetValue<string>());
        Assert.False(tokens.ContainsKey("refresh_token"));
    }

    [Theory]
    [InlineData("D10", "update identity.users set security_stamp = 'changed' where id = $1")]
    [InlineData("D10", "update identity.users set lockout_end = 'infinity' where id = $1")]
    [InlineData("D10", "update identity.users set lockout_end = now() + interval '1 year' where id = $1")]
    [InlineData("D10", "delete from identity.users where id = $1")]
    [InlineData("D11", "delete from identity.consents where user_id = $1")]
    [InlineData("D11", "update identity.grants set revoked_at = now() where user_id = $1")]
    [InlineData("D11", "update identity.sessions set ended_at = now() where user_id = $1")]
    public async Task What_the_code_stands_on_must_still_stand(string id, string sql)
    {
        var flow = await Flow.SignUpAsync(fixture);
        var code = await flow.CodeAsync();

        await fixture.ExecuteAsync(sql, flow.UserId);

        await Refusal.IsJsonAsync(await flow.RedeemAsync(code), 400, "invalid_grant");
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task D10_A_locked_password_keeps_nobody_out_who_signed_in_by_passkey()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var code = await flow.CodeAsync();
        await fixture.ExecuteAsync("update identity.grants set amr = '{hwk,user,mfa}' where user_id = $1", flow.UserId);
        await fixture.ExecuteAsync("update identity.users set lockout_end = now() + interval '1 hour' where id = $1", flow.UserId);

        Assert.Equal(HttpStatusCode.OK, (await flow.RedeemAsync(code)).StatusCode);
    }

    [Fact]
    public async Task D12_A_token_is_no_code()
    {
        var flow = await fixture.SignedInAsync();
        var tokens = await flow.TokensAsync();

        await Refusal.IsJsonAsync(await flow.RedeemAsync(tokens["refresh_token"]!.GetValue<string>()), 400, "invalid_grant");
        await Refusal.IsJsonAsync(await flow.RedeemAsync(tokens["access_token"]!.GetValue<string>()), 400, "invalid_grant");
    }

    [Fact]
    public async Task D13_A_code_of_one_issuer_is_nothing_to_another()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var other = await fixture.StartAsync(database);
        var flow = await fixture.SignedInAsync();
        using var client = other.CreateClient();

        var response = await client.PostAsync("/connect/token", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["client_id"] = "spa",
            ["code"] = await flow.CodeAsync(),
            ["redirect_uri"] = flow.RedirectUri,
            ["code_verifier"] = flow.Verifier,
        }));

        await Refusal.IsJsonAsync(response, 400, "invalid_grant");
    }

    [Fact]
    public async Task Codes_and_tokens_are_kept_as_hashes()
    {
        var flow = await fixture.SignedInAsync();
        var code = await flow.CodeAsync();
        var refreshToken = (await Flow.ReadAsync(await flow.RedeemAsync(code)))["refresh_token"]!.GetValue<string>();

        var dump = await fixture.QueryAsync<string>("select concat((select string_agg(c::text, ' ') from identity.authorization_codes c), (select string_agg(t::text, ' ') from identity.refresh_tokens t))");

        Assert.DoesNotContain(code, dump, StringComparison.Ordinal);
        Assert.DoesNotContain(refreshToken, dump, StringComparison.Ordinal);
    }
}
