using System.Net;
using System.Text;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>The authorization endpoint, rows A and P.</summary>
public sealed class AuthorizeTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    [Theory]
    [InlineData("spa")]
    [InlineData("web")]
    [InlineData("nat")]
    [InlineData("online")]
    [InlineData("czctl")]
    public async Task Z01_Z06_A_right_request_brings_a_code_with_state_and_issuer(string client)
    {
        var flow = await fixture.SignedInAsync(client);

        var answer = await flow.AnswerAsync();

        Assert.Equal(["code", "iss", "state"], answer.Keys.Order());
        Assert.Equal((Flow.State, fixture.Issuer), (answer["state"], answer["iss"]));
    }

    [Theory]
    [InlineData("A01", "-client_id")]
    [InlineData("A02", "client_id=unknown<script>")]
    [InlineData("A02", "client_id=\0")]
    [InlineData("A03", "client_id=off")]
    [InlineData("A04", "-redirect_uri")]
    [InlineData("A04", "redirect_uri=")]
    [InlineData("A05", "redirect_uri=https://rp.example/cb/")]
    [InlineData("A06", "redirect_uri=https://rp.example:443/cb")]
    [InlineData("A07", "redirect_uri=https://RP.EXAMPLE/cb")]
    [InlineData("A08", "redirect_uri=https://rp.example/cb?x=1")]
    [InlineData("A09", "redirect_uri=https://rp.example/cb/../evil")]
    [InlineData("A09", "redirect_uri=https://rp.example/cb%2f..%2fevil")]
    [InlineData("A10", "redirect_uri=https://rp.example@evil.example/cb")]
    [InlineData("A10", "redirect_uri=https://rp.example.evil.example/cb")]
    [InlineData("A11", "redirect_uri=https://rp.example/cb#frag")]
    [InlineData("A12", "redirect_uri=/cb")]
    [InlineData("A12", "redirect_uri=https:rp.example")]
    [InlineData("A12", "redirect_uri=javascript:alert(1)")]
    [InlineData("A12", "redirect_uri=data:text/html,evil")]
    [InlineData("A13", "+redirect_uri=https://evil.example/cb")]
    [InlineData("A13", "+redirect_uri=https://rp.example/cb")]
    [InlineData("A14", "+client_id=web")]
    [InlineData("A16", "redirect_uri=https://rp.example:5555/cb")]
    [InlineData("A17", "redirect_uri=https://rp.example/cb?iss=https://evil.example")]
    public async Task Untrusted_clients_and_addresses_get_a_page_and_no_way_back(string id, string change)
    {
        var flow = await fixture.SignedInAsync("web");

        await Refusal.IsPageAsync(await flow.AuthorizeAsync(change), change.Split('=', 2).Last(), "<script>");
        Assert.NotEmpty(id);
    }

    [Theory]
    [InlineData("A15", "http://127.0.0.1:5555/other")]
    [InlineData("A15", "http://127.0.0.1:5555/cb/")]
    [InlineData("A15", "http://127.0.0.1:5555/cb?x=1")]
    [InlineData("A15", "http://127.0.0.1:05555/cb")]
    [InlineData("A15", "http://127.0.0.1:65536/cb")]
    [InlineData("A15", "http://127.0.0.1:/cb")]
    [InlineData("A15", "http://127.0.0.1:5555@evil.example/cb")]
    [InlineData("A16", "http://localhost:5555/cb")]
    [InlineData("A16", "http://[::1]:5555/cb")]
    [InlineData("A16", "https://127.0.0.1:5555/cb")]
    [InlineData("A16", "http://127.0.0.1.evil.example:5555/cb")]
    public async Task Only_the_port_of_a_loopback_address_may_vary(string id, string redirectUri)
    {
        var flow = await fixture.SignedInAsync("nat");

        await Refusal.IsPageAsync(await flow.AuthorizeAsync($"redirect_uri={redirectUri}"));
        Assert.NotEmpty(id);
    }

    [Theory]
    [InlineData("A14", "invalid_request", "+scope=openid")]
    [InlineData("A14", "invalid_request", "+response_type=code")]
    [InlineData("A18", "invalid_request", "-response_type")]
    [InlineData("A19", "unsupported_response_type", "response_type=token")]
    [InlineData("A19", "unsupported_response_type", "response_type=id_token token")]
    [InlineData("A19", "unsupported_response_type", "response_type=code token")]
    [InlineData("A20", "unsupported_response_type", "response_type=foo")]
    [InlineData("A21", "invalid_request", "response_mode=foo")]
    [InlineData("A21", "invalid_request", "response_mode=fragment")]
    [InlineData("A22", "unsupported_response_type", "response_type=token", "response_mode=query")]
    [InlineData("A23", "invalid_scope", "scope=openid unknown")]
    [InlineData("A23", "invalid_scope", "-scope")]
    [InlineData("A24", "invalid_scope", "scope=openid \"hub\"")]
    [InlineData("A24", "invalid_scope", "scope=openid\\hub")]
    [InlineData("A24", "invalid_scope", "scope=openid\r\nSet-Cookie: a=b")]
    [InlineData("A24", "invalid_scope", "scope=openid  hub")]
    [InlineData("A28", "invalid_request", "prompt=none login")]
    [InlineData("A29", "invalid_request", "prompt=foo")]
    [InlineData("A29", "invalid_request", "prompt=login foo")]
    [InlineData("A30", "invalid_request", "max_age=-1")]
    [InlineData("A30", "invalid_request", "max_age=abc")]
    [InlineData("A30", "invalid_request", "max_age=99999999999999999999")]
    [InlineData("A33", "request_not_supported", "request=eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("A35", "request_not_supported", "request=eyJhbGciOiJub25lIn0.eyJjbGllbnRfaWQiOiJldmlsIn0.")]
    [InlineData("A36", "invalid_request", "id_token_hint=garbage")]
    [InlineData("A36", "invalid_request", "id_token_hint=eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("M05", "invalid_target", "resource=relative")]
    [InlineData("M06", "invalid_target", "resource=https://other.example")]
    [InlineData("P01", "invalid_request", "-code_challenge", "-code_challenge_method")]
    [InlineData("P02", "invalid_request", "code_challenge_method=plain")]
    [InlineData("P03", "invalid_request", "-code_challenge_method")]
    [InlineData("P04", "invalid_request", "-code_challenge")]
    [InlineData("P05", "invalid_request", "code_challenge_method=S512")]
    [InlineData("P05", "invalid_request", "code_challenge_method=s256")]
    [InlineData("P06", "invalid_request", "code_challenge=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("P06", "invalid_request", "code_challenge=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa+/")]
    [InlineData("P06", "invalid_request", "code_challenge=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=")]
    [InlineData("J13", "invalid_request", "dpop_jkt=short")]
    public async Task Other_faults_go_back_to_the_client_with_state_and_issuer(string id, string error, params string[] changes)
    {
        foreach (var client in new[] { "spa", "web", "nat", "czctl" })
        {
            var flow = await fixture.SignedInAsync(client);
            Refusal.IsSentBack(await flow.AuthorizeAsync(changes), error, flow, fixture.Issuer);
        }
        Assert.NotEmpty(id);
    }

    [Theory]
    [InlineData("nonce")]
    [InlineData("login_hint")]
    [InlineData("scope")]
    [InlineData("code_challenge")]
    public async Task A38_Overlong_values_are_refused_not_stumbled_over(string parameter)
    {
        var flow = await fixture.SignedInAsync();

        Refusal.IsSentBack(await flow.AuthorizeAsync($"{parameter}={new string('a', 2000)}"), parameter == "scope" ? "invalid_scope" : "invalid_request", flow, fixture.Issuer);
    }

    [Theory]
    [InlineData("A38", 2000)]
    [InlineData("A24", 0)]
    public async Task A_state_that_cannot_be_carried_is_refused_and_not_echoed(string id, int length)
    {
        var flow = await fixture.SignedInAsync();

        Refusal.IsSentBack(await flow.AuthorizeAsync($"state={(length > 0 ? new string('a', length) : "a\r\nX: b")}"), "invalid_request", flow, fixture.Issuer, state: null);
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task A14_A_repeated_state_is_not_echoed()
    {
        var flow = await fixture.SignedInAsync();

        Refusal.IsSentBack(await flow.AuthorizeAsync("+state=other"), "invalid_request", flow, fixture.Issuer, state: null);
    }

    [Fact]
    public async Task A25_Without_openid_there_is_no_id_token()
    {
        var flow = await fixture.SignedInAsync();

        var tokens = await flow.TokensAsync("scope=hub");

        Assert.False(tokens.ContainsKey("id_token"));
        Assert.Equal("hub", tokens["scope"]!.GetValue<string>());
    }

    [Fact]
    public async Task A26_Silence_without_a_session_ends_with_login_required()
    {
        var flow = Flow.SignedOut(fixture);

        Refusal.IsSentBack(await flow.AuthorizeAsync("prompt=none"), "login_required", flow, fixture.Issuer);
    }

    [Fact]
    public async Task A27_Silence_without_consent_ends_with_consent_required_and_Z12_with_it_brings_a_code()
    {
        var flow = await Flow.SignUpAsync(fixture);

        Refusal.IsSentBack(await flow.AuthorizeAsync("prompt=none"), "consent_required", flow, fixture.Issuer);
        await flow.CodeAsync();
        var silent = await flow.AuthorizeAsync("prompt=none");
        Assert.Contains("code=", silent.Headers.Location!.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A27_Consent_to_less_is_no_consent_to_more()
    {
        var flow = await Flow.SignUpAsync(fixture);
        await flow.CodeAsync("scope=openid");

        Refusal.IsSentBack(await flow.AuthorizeAsync("prompt=none"), "consent_required", flow, fixture.Issuer);
    }

    [Fact]
    public async Task A_client_may_have_consent_asked_again()
    {
        var flow = await Flow.SignUpAsync(fixture);
        await flow.CodeAsync();

        var response = await flow.AuthorizeAsync("prompt=consent");

        Assert.StartsWith("/consent?request=", response.Headers.Location!.ToString(), StringComparison.Ordinal);
        var again = await flow.Browser.GetAsync(response.Headers.Location.ToString().Replace("/consent", "/connect/continue", StringComparison.Ordinal));
        Assert.StartsWith("/consent?request=", again.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_waits_is_dropped_when_its_client_is_registered_otherwise()
    {
        var flow = await Flow.SignUpAsync(fixture);
        await flow.Browser.FollowAsync(await flow.AuthorizeAsync());
        await fixture.ExecuteAsync("update identity.pending_authorizations set request = jsonb_set(request, '{ClientId}', '\"off\"')");

        await Refusal.IsPageAsync(await flow.Browser.SubmitAsync(("decision", "allow")));
    }

    [Theory]
    [InlineData("A31", "max_age=0")]
    [InlineData("A32", "prompt=login")]
    public async Task An_old_session_has_to_sign_in_again_and_going_back_to_the_request_does_not_help(string id, string demand)
    {
        var flow = await Flow.SignUpAsync(fixture);
        await flow.CodeAsync();
        fixture.Clock.Advance(TimeSpan.FromSeconds(5));

        var first = await flow.AuthorizeAsync(demand);
        var signIn = first.Headers.Location!.ToString();
        Assert.StartsWith("/signin?request=", signIn, StringComparison.Ordinal);
        var again = await flow.Browser.GetAsync(signIn.Replace("/signin", "/connect/continue", StringComparison.Ordinal));
        Assert.Equal(signIn, again.Headers.Location!.ToString());

        var demandedAt = fixture.Clock.GetUtcNow();
        var (_, elsewhere) = await flow.Browser.SignInAsync(flow.Email, Flow.Password, signIn);
        var code = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(elsewhere!.Query)["code"].ToString();
        var idToken = Jwt.Claims((await Flow.ReadAsync(await flow.RedeemAsync(code)))["id_token"]!.GetValue<string>());
        Assert.True(idToken["auth_time"]!.GetValue<long>() >= demandedAt.ToUnixTimeSeconds());
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task A34_A_request_by_reference_is_refused_and_nothing_is_fetched()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var flow = await fixture.SignedInAsync();

        Refusal.IsSentBack(await flow.AuthorizeAsync($"request_uri=http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/x"), "request_uri_not_supported", flow, fixture.Issuer);

        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task A36_A_hint_must_be_of_this_issuer_for_this_client_and_of_the_person_signed_in()
    {
        var flow = await fixture.SignedInAsync("spa");
        var hint = (await flow.TokensAsync())["id_token"]!.GetValue<string>();

        Assert.True((await flow.AnswerAsync("prompt=none", $"id_token_hint={hint}")).ContainsKey("code"));
        var web = await fixture.SignedInAsync("web");
        Refusal.IsSentBack(await web.AuthorizeAsync($"id_token_hint={hint}"), "invalid_request", web, fixture.Issuer);
        Refusal.IsSentBack(await flow.AuthorizeAsync($"id_token_hint={hint[..^6]}AAAAAA"), "invalid_request", flow, fixture.Issuer);
        var other = await Flow.SignUpAsync(fixture);
        await other.CodeAsync();
        Refusal.IsSentBack(await other.AuthorizeAsync("prompt=none", $"id_token_hint={hint}"), "login_required", other, fixture.Issuer);
    }

    [Fact]
    public async Task A36_Who_signs_in_as_somebody_else_than_the_hint_names_gets_no_code()
    {
        var named = await fixture.SignedInAsync();
        var hint = (await named.TokensAsync())["id_token"]!.GetValue<string>();
        var other = await Flow.SignUpAsync(fixture);

        var signIn = (await other.AuthorizeAsync($"id_token_hint={hint}")).Headers.Location!.ToString();
        var (last, _) = await other.Browser.SignInAsync(other.Email, Flow.Password, signIn);

        Refusal.IsSentBack(last, "login_required", other, fixture.Issuer);
    }

    [Fact]
    public async Task A37_Only_get_and_posted_forms_are_served()
    {
        var flow = await fixture.SignedInAsync();
        var address = flow.AuthorizeAddress();

        var put = await flow.Browser.SendAsync(new(HttpMethod.Put, address));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, put.StatusCode);
        Assert.Null(put.Headers.Location);
        await Refusal.IsPageAsync(await flow.Browser.SendAsync(new(HttpMethod.Post, "/connect/authorize") { Content = new StringContent("{\"client_id\":\"spa\"}", Encoding.UTF8, "application/json") }));
        await Refusal.IsPageAsync(await flow.Browser.SendAsync(new(HttpMethod.Post, "/connect/authorize") { Content = new StringContent("client_id=\xff", Encoding.Latin1, "application/x-www-form-urlencoded") }));

        var fields = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(address[address.IndexOf('?', StringComparison.Ordinal)..]).Select(pair => (pair.Key, pair.Value.ToString())).ToArray();
        var posted = await flow.Browser.PostAsync("/connect/authorize", fields);
        Assert.Contains("code=", posted.Headers.Location!.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A39_Discovery_promises_the_issuer_in_every_answer()
    {
        using var client = fixture.Hub.CreateClient();

        var document = await Flow.ReadAsync(await client.GetAsync("/.well-known/openid-configuration"));

        Assert.True(document["authorization_response_iss_parameter_supported"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A40_A_script_as_state_is_only_ever_escaped()
    {
        var flow = await fixture.SignedInAsync();

        var sentBack = await flow.AuthorizeAsync("state=<script>alert(1)</script>", "scope=unknown");
        Assert.DoesNotContain("<script>", sentBack.Headers.Location!.OriginalString, StringComparison.Ordinal);
        await Refusal.IsPageAsync(await flow.AuthorizeAsync("state=<script>alert(1)</script>", "client_id=none"), "<script>");
    }

    [Fact]
    public async Task A41_Who_denies_sends_the_client_away_without_a_code()
    {
        var flow = await Flow.SignUpAsync(fixture);
        await flow.Browser.FollowAsync(await flow.AuthorizeAsync());

        var denied = await flow.Browser.SubmitAsync(("decision", "deny"));

        Refusal.IsSentBack(denied, "access_denied", flow, fixture.Issuer);
        await Refusal.IsPageAsync(await flow.Browser.SubmitAsync(("decision", "allow")));
    }

    [Fact]
    public async Task A42_A_client_without_the_code_grant_is_sent_back()
    {
        var flow = await fixture.SignedInAsync();

        var response = await flow.AuthorizeAsync("client_id=nocode", "redirect_uri=https://nocode.example/cb");

        Assert.StartsWith("https://nocode.example/cb?error=unauthorized_client", response.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A43_After_a_posted_form_the_browser_goes_on_with_get()
    {
        var flow = await Flow.SignUpAsync(fixture);
        using var browser = new Browser(fixture.Hub.Address);
        await browser.GetAsync("/signin");

        var signedIn = await browser.SubmitAsync(("Input.Email", flow.Email), ("Input.Password", Flow.Password));
        await flow.Browser.FollowAsync(await flow.AuthorizeAsync());
        var allowed = await flow.Browser.SubmitAsync(("decision", "allow"));

        Assert.Equal((HttpStatusCode.SeeOther, HttpStatusCode.SeeOther), (signedIn.StatusCode, allowed.StatusCode));
    }

    [Fact]
    public async Task A_waiting_request_brings_one_code_however_often_it_is_allowed()
    {
        var flow = await Flow.SignUpAsync(fixture);
        await flow.Browser.FollowAsync(await flow.AuthorizeAsync());

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => flow.Browser.SubmitAsync(("decision", "allow"))));

        Assert.Single(answers, answer => answer.Headers.Location?.Query.Contains("code=", StringComparison.Ordinal) ?? false);
        Assert.Equal(9, answers.Count(answer => answer.StatusCode == HttpStatusCode.BadRequest));
    }
}
