using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Jobs;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Devices at the endpoints for clients, rows V01 to V08 and Z05.</summary>
[Collection(nameof(Devices))]
public sealed class DeviceCodeTests(DeviceFixture fixture)
{
    [Fact]
    public async Task A_device_gets_a_code_to_poll_with_and_a_code_to_show()
    {
        var response = await Device.AskAsync(Flow.SignedOut(fixture, "cli"));

        var codes = await Flow.ReadAsync(response);
        var userCode = codes["user_code"]!.GetValue<string>();
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        Assert.Matches("^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$", userCode);
        Assert.Matches("^[A-Za-z0-9_-]{43}$", codes["device_code"]!.GetValue<string>());
        Assert.Equal((fixture.Issuer + "/device", $"{fixture.Issuer}/device?user_code={userCode}"), (codes["verification_uri"]!.GetValue<string>(), codes["verification_uri_complete"]!.GetValue<string>()));
        Assert.Equal((600, 5), (codes["expires_in"]!.GetValue<int>(), codes["interval"]!.GetValue<int>()));
        var kept = await fixture.QueryAsync<string>("select d::text from identity.device_authorizations d where user_code = $1", userCode.Replace("-", "", StringComparison.Ordinal));
        Assert.DoesNotContain(codes["device_code"]!.GetValue<string>(), kept, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cli")]
    [InlineData("web")]
    [InlineData("webs")]
    public async Task Z05_A_person_enters_the_code_and_the_device_has_tokens_that_act_for_them(string client)
    {
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture, client);

        await device.DecideAsync(person.Browser, typed: device.UserCode.ToLowerInvariant());

        Assert.Contains("The device is connected", person.Browser.Page, StringComparison.Ordinal);
        var tokens = await device.TokensAsync();
        var (access, id) = (Jwt.Claims(tokens["access_token"]!.GetValue<string>()), Jwt.Claims(tokens["id_token"]!.GetValue<string>()));
        Assert.Equal((person.UserId.ToString(), client, fixture.Issuer + "/v1"), (access["sub"]!.GetValue<string>(), access["client_id"]!.GetValue<string>(), access["aud"]!.GetValue<string>()));
        Assert.Equal((client, false), (id["aud"]!.GetValue<string>(), id.ContainsKey("nonce")));
        Assert.Equal("openid hub offline_access", tokens["scope"]!.GetValue<string>());
        await Flow.ReadAsync(await device.Flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Tokens_are_for_the_scopes_and_the_resource_that_were_asked_for()
    {
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture, "web", "scope=openid", $"resource={IdentityFixture.Resource}");
        await device.DecideAsync(person.Browser);

        var tokens = await device.TokensAsync();

        Assert.Equal((IdentityFixture.Resource, "openid"), (Jwt.Claims(tokens["access_token"]!.GetValue<string>())["aud"]!.GetValue<string>(), tokens["scope"]!.GetValue<string>()));
        Assert.False(tokens.ContainsKey("refresh_token"));
    }

    [Fact]
    public async Task V01_What_is_no_form_begins_nothing()
    {
        using var client = fixture.Hub.CreateClient();

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.GetAsync($"{Device.Endpoint}?client_id=cli&scope=openid")).StatusCode);
        await Refusal.IsJsonAsync(await client.PostAsync(Device.Endpoint, null), 400, "invalid_request");
        await Refusal.IsJsonAsync(await client.PostAsJsonAsync(Device.Endpoint, new { client_id = "cli", scope = "openid" }), 400, "invalid_request");
        await Refusal.IsJsonAsync(await client.PostAsync($"{Device.Endpoint}?client_id=cli", new FormUrlEncodedContent([])), 400, "invalid_request");
        await Refusal.IsJsonAsync(await client.PostAsync(Device.Endpoint, new FormUrlEncodedContent([])), 400, "invalid_scope");
        await Refusal.IsJsonAsync(await Device.AskAsync(Flow.SignedOut(fixture, "cli"), "+scope=openid"), 400, "invalid_request");
    }

    [Theory]
    [InlineData("cli", "client_id=unknown", 401, "invalid_client")]
    [InlineData("cli", "client_id=off", 401, "invalid_client")]
    [InlineData("cli", "client_id=web", 401, "invalid_client")]
    [InlineData("cli", "-client_id", 401, "invalid_client")]
    [InlineData("spa", "scope=openid", 400, "unauthorized_client")]
    [InlineData("cli", "scope=openid everything", 400, "invalid_scope")]
    [InlineData("cli", "scope=openid  hub", 400, "invalid_scope")]
    [InlineData("cli", "-scope", 400, "invalid_scope")]
    [InlineData("cli", "resource=https://api.hub.example", 400, "invalid_target")]
    [InlineData("web", "client_assertion=e30.e30.e30", 401, "invalid_client")]
    public async Task V02_Who_may_not_and_what_may_not_be_asked_for(string client, string change, int status, string error) =>
        await Refusal.IsJsonAsync(await Device.AskAsync(Flow.SignedOut(fixture, client), change), status, error);

    [Fact]
    public async Task V03_Before_a_person_allowed_it_the_device_waits()
    {
        var device = await Device.BeginAsync(fixture);

        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "authorization_pending");
        await Refusal.IsJsonAsync(await device.PollAsync("-device_code"), 400, "invalid_request");
        await Refusal.IsJsonAsync(await device.PollAsync("device_code=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 400, "invalid_grant");
        await Refusal.IsJsonAsync(await device.PollAsync($"device_code={device.UserCode}"), 400, "invalid_grant");
    }

    [Fact]
    public async Task V04_Who_asks_too_often_has_to_wait_five_seconds_longer_each_time()
    {
        var device = await Device.BeginAsync(fixture);
        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "authorization_pending");

        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "slow_down"); // 10 s from now on
        fixture.Clock.Advance(TimeSpan.FromSeconds(6));
        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "slow_down"); // 15 s
        fixture.Clock.Advance(TimeSpan.FromSeconds(15));
        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "authorization_pending");
        fixture.Clock.Advance(TimeSpan.FromSeconds(11));

        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "slow_down"); // still 15 s
    }

    [Fact]
    public async Task V04_Of_many_polls_at_once_each_counts()
    {
        var device = await Device.BeginAsync(fixture);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ => JsonNode.Parse(await (await device.PollAsync()).Content.ReadAsStringAsync())!["error"]!.GetValue<string>()));

        Assert.Equal((9, 1), (answers.Count(error => error == "slow_down"), answers.Count(error => error == "authorization_pending")));
        Assert.Equal(50, await fixture.QueryAsync<int>("select interval_seconds from identity.device_authorizations where user_code = $1", device.Plain));
    }

    [Fact]
    public async Task V04_What_is_allowed_is_given_however_early()
    {
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture);
        await device.PollAsync();

        await device.DecideAsync(person.Browser);

        await device.TokensAsync();
    }

    [Fact]
    public async Task V05_A_denied_device_gets_nothing_and_cannot_be_allowed_later()
    {
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture);
        await device.EnterAsync(person.Browser);
        var confirmation = person.Browser.Location;
        var question = person.Browser.Page;

        await device.DecideAsync(person.Browser, "deny");

        Assert.Contains("The device is not connected", person.Browser.Page, StringComparison.Ordinal);
        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "access_denied");
        await Refusal.IsPageAsync(await person.Browser.PostAsync(new Uri(confirmation).PathAndQuery, ("decision", "allow"), ("__RequestVerificationToken", TokenIn(question))));
        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "access_denied");
    }

    [Fact]
    public async Task V06_An_expired_code_says_so_also_when_it_was_allowed()
    {
        var person = await Flow.SignUpAsync(fixture);
        var (device, allowed) = (await Device.BeginAsync(fixture), await Device.BeginAsync(fixture));
        await allowed.DecideAsync(person.Browser);

        await device.ExpireAsync();
        await allowed.ExpireAsync();

        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "expired_token");
        await Refusal.IsJsonAsync(await allowed.PollAsync(), 400, "expired_token");
    }

    [Fact]
    public async Task V07_Another_clients_code_is_not_known_and_stays_good_for_its_own()
    {
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture);
        await device.DecideAsync(person.Browser);

        await Refusal.IsJsonAsync(await device.PollAsAsync(Flow.SignedOut(fixture, "tv")), 400, "invalid_grant");
        await Refusal.IsJsonAsync(await device.PollAsAsync(Flow.SignedOut(fixture, "spa")), 400, "unauthorized_client");

        await device.TokensAsync();
    }

    [Fact]
    public async Task V08_A_code_that_comes_twice_ends_the_family()
    {
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture, "web");
        await device.DecideAsync(person.Browser);
        var tokens = await device.TokensAsync();
        Assert.True(await device.Flow.IsActiveAsync(tokens["access_token"]!.GetValue<string>()));

        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "invalid_grant");

        await Refusal.IsJsonAsync(await device.Flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>()), 400, "invalid_grant");
        Assert.False(await device.Flow.IsActiveAsync(tokens["access_token"]!.GetValue<string>()));
        using var api = fixture.Hub.CreateClient();
        api.DefaultRequestHeaders.Authorization = new("Bearer", tokens["access_token"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.Unauthorized, (await api.GetAsync("/connect/userinfo")).StatusCode);
    }

    [Fact]
    public async Task V08_Of_fifty_polls_at_once_one_wins_and_then_the_family_ends()
    {
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture);
        await device.DecideAsync(person.Browser);

        var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => device.PollAsync()));

        var winner = Assert.Single(responses, response => response.StatusCode == HttpStatusCode.OK);
        foreach (var loser in responses.Where(response => response != winner))
            await Refusal.IsJsonAsync(loser, 400, "invalid_grant");
        await Refusal.IsJsonAsync(await device.Flow.RefreshAsync((await Flow.ReadAsync(winner))["refresh_token"]!.GetValue<string>()), 400, "invalid_grant");
    }

    [Theory]
    [InlineData("update identity.users set security_stamp = 'changed' where id = $1")]
    [InlineData("update identity.users set lockout_end = now() + interval '1 year' where id = $1")]
    [InlineData("delete from identity.users where id = $1")]
    [InlineData("delete from identity.consents where user_id = $1")]
    [InlineData("update identity.grants set revoked_at = now() where user_id = $1")]
    [InlineData("update identity.sessions set ended_at = now() where user_id = $1")]
    public async Task What_the_person_allowed_it_with_must_still_stand(string sql)
    {
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture);
        await device.DecideAsync(person.Browser);

        await fixture.ExecuteAsync(sql, person.UserId);

        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "invalid_grant");
        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "invalid_grant"); // the code is used up
    }

    [Fact]
    public async Task A_code_that_was_asked_for_with_a_proof_needs_its_key()
    {
        using var key = new DpopKey();
        using var thief = new DpopKey();
        var person = await Flow.SignUpAsync(fixture);
        var flow = person.As("dpop", key);
        var codes = await Flow.ReadAsync(await flow.PostAsync(Device.Endpoint, [("client_id", "dpop"), ("scope", "openid offline_access")], proofs: key.Prove(HttpMethod.Post, new(fixture.Hub.Address, Device.Endpoint), at: fixture.Clock.GetUtcNow())));
        var device = new Device(fixture, flow, codes["device_code"]!.GetValue<string>(), codes["user_code"]!.GetValue<string>());
        await device.DecideAsync(person.Browser);

        await Refusal.IsJsonAsync(await device.PollAsAsync(person.As("dpop", thief)), 400, "invalid_grant");

        var tokens = await device.TokensAsync();
        Assert.Equal(("DPoP", key.Thumbprint), (tokens["token_type"]!.GetValue<string>(), Jwt.Claims(tokens["access_token"]!.GetValue<string>())["cnf"]!["jkt"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_client_that_must_send_proofs_may_begin_without_one_and_polls_with_one()
    {
        using var key = new DpopKey();
        var person = await Flow.SignUpAsync(fixture);
        var device = await Device.BeginAsync(fixture, "dpop", "scope=openid");
        await device.DecideAsync(person.Browser);
        await Refusal.IsJsonAsync(await person.As("dpop", key).PostAsync(Device.Endpoint, [("client_id", "dpop"), ("scope", "openid")], proofs: "no-proof"), 400, "invalid_dpop_proof");

        await Refusal.IsJsonAsync(await device.PollAsync(), 400, "invalid_dpop_proof");

        var tokens = await Flow.ReadAsync(await device.PollAsAsync(person.As("dpop", key)));
        Assert.Equal("DPoP", tokens["token_type"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_organizations_application_may_have_the_device_code()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub, mail: fixture.Mail);
        var person = await Flow.SignUpAsync(fixture);
        var registered = await Flow.ReadAsync(await owner.Client.PostAsJsonAsync($"/v1/orgs/{owner.Slug}/clients", new
        {
            client = new { name = "Lobby screen", authenticationMethod = "none", grants = Device.GrantType.Split(' '), scopes = "openid email".Split(' ') },
        }));
        var id = registered["client"]!["clientId"]!.GetValue<string>();
        var device = await Device.BeginAsync(fixture, "cli", $"client_id={id}", "scope=openid email");

        await device.EnterAsync(person.Browser);
        Assert.Contains("Lobby screen", person.Browser.Page, StringComparison.Ordinal);
        await device.DecideAsync(person.Browser);

        var tokens = await Flow.ReadAsync(await device.PollAsync($"client_id={id}"));
        Assert.Equal((person.UserId.ToString(), id), (Jwt.Claims(tokens["access_token"]!.GetValue<string>())["sub"]!.GetValue<string>(), Jwt.Claims(tokens["id_token"]!.GetValue<string>())["aud"]!.GetValue<string>()));
    }

    [Fact]
    public async Task What_is_over_is_removed_and_what_was_redeemed_is_kept_with_its_grant()
    {
        var person = await Flow.SignUpAsync(fixture);
        var (forgotten, late, redeemed) = (await Device.BeginAsync(fixture), await Device.BeginAsync(fixture), await Device.BeginAsync(fixture));
        await redeemed.DecideAsync(person.Browser);
        await redeemed.TokensAsync();
        await fixture.ExecuteAsync("update identity.device_authorizations set expires_at = $1 where user_code in ($2, $3)", fixture.Clock.GetUtcNow().AddMinutes(-11), forgotten.Plain, redeemed.Plain);
        await late.ExpireAsync();

        await using (var scope = fixture.Hub.Services.CreateAsyncScope())
            await ActivatorUtilities.CreateInstance<PurgeExpired>(scope.ServiceProvider).RunAsync(default);

        await Refusal.IsJsonAsync(await forgotten.PollAsync(), 400, "invalid_grant");
        Assert.Equal(2, await fixture.QueryAsync<long>("select count(*) from identity.device_authorizations where user_code in ($1, $2, $3)", forgotten.Plain, late.Plain, redeemed.Plain));
        await Refusal.IsJsonAsync(await late.PollAsync(), 400, "expired_token");
        Assert.Contains("used before", await (await redeemed.PollAsync()).Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static string TokenIn(string page) => page.Split("__RequestVerificationToken\" type=\"hidden\" value=\"")[1].Split('"')[0];
}
