using System.Net;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Signing out at an application's wish, rows L.</summary>
public sealed class EndSessionTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private const string Out = "https://spa.example/out";

    [Theory]
    [InlineData("spa")]
    [InlineData("web")]
    public async Task Z10_With_an_id_token_of_this_session_the_person_is_signed_out_and_sent_back(string client)
    {
        var flow = await Flow.SignUpAsync(fixture, client);
        var address = client == "spa" ? Out : "https://rp.example/out";
        var hint = await HintAsync(flow);

        var response = await EndAsync(flow, ("id_token_hint", hint), ("post_logout_redirect_uri", address), ("state", "a state/ö".Replace("ö", "o", StringComparison.Ordinal)));

        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal($"{address}?state=a%20state%2Fo", response.Headers.Location!.OriginalString);
        Assert.False(await IsSignedInAsync(flow));
    }

    [Fact]
    public async Task Z10_Without_an_address_the_person_stays_here()
    {
        var flow = await Flow.SignUpAsync(fixture);

        var response = await EndAsync(flow, ("id_token_hint", await HintAsync(flow)));

        Assert.Equal("/signin", response.Headers.Location!.OriginalString);
        Assert.False(await IsSignedInAsync(flow));
    }

    [Theory]
    [InlineData("L01", "https://evil.example/out")]
    [InlineData("L01", "https://spa.example/cb")]
    [InlineData("L01", "javascript:alert(1)")]
    [InlineData("L01", "//spa.example/out")]
    [InlineData("L02", "https://spa.example:443/out")]
    [InlineData("L02", "https://SPA.example/out")]
    [InlineData("L02", "https://spa.example/out?x=1")]
    [InlineData("L02", "https://spa.example/out/")]
    [InlineData("L02", "https://spa.example/out#f")]
    [InlineData("L03", "https://rp.example/out")]
    public async Task An_address_that_is_not_the_clients_leads_nowhere(string id, string address)
    {
        var flow = await Flow.SignUpAsync(fixture);
        var hint = await HintAsync(flow);

        await Refusal.IsPageAsync(await EndAsync(flow, ("id_token_hint", hint), ("post_logout_redirect_uri", address)), address);
        await Refusal.IsPageAsync(await EndAsync(flow, ("client_id", "spa"), ("post_logout_redirect_uri", address)), address);

        Assert.True(await IsSignedInAsync(flow));
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task L01_An_address_without_a_client_leads_nowhere()
    {
        var flow = await Flow.SignUpAsync(fixture);

        await Refusal.IsPageAsync(await EndAsync(flow, ("post_logout_redirect_uri", Out)), Out);
        await Refusal.IsPageAsync(await EndAsync(flow, ("client_id", "unknown"), ("post_logout_redirect_uri", Out)), Out);
        await Refusal.IsPageAsync(await EndAsync(flow, ("client_id", "off")));
    }

    [Fact]
    public async Task L04_A_hint_of_another_client_is_refused()
    {
        var flow = await Flow.SignUpAsync(fixture);

        await Refusal.IsPageAsync(await EndAsync(flow, ("id_token_hint", await HintAsync(flow)), ("client_id", "web"), ("post_logout_redirect_uri", "https://rp.example/out")), "rp.example");

        Assert.True(await IsSignedInAsync(flow));
    }

    [Fact]
    public async Task L05_A_hint_that_is_none_of_ours_is_refused()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var hint = await HintAsync(flow);
        var access = (await flow.TokensAsync())["access_token"]!.GetValue<string>();
        await using var database = await TestDatabase.CreateUnusedAsync();
        await using var other = await fixture.StartAsync(database, fixture.Hub.Address); // the same issuer by name, with keys of its own
        var none = $"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{hint.Split('.')[1]}.";

        foreach (var wrong in new[] { hint[..^6] + "AAAAAA", none, "garbage", "{}", "[]", access, new string('a', 7000) })
            await Refusal.IsPageAsync(await EndAsync(flow, ("id_token_hint", wrong), ("client_id", "spa"), ("post_logout_redirect_uri", Out)), Out);
        using var foreign = other.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, Flow.AddressOf("/connect/endsession", [("id_token_hint", hint), ("post_logout_redirect_uri", Out)])) { Headers = { Host = fixture.Hub.Address.Authority } };
        await Refusal.IsPageAsync(await foreign.SendAsync(request), Out);

        Assert.True(await IsSignedInAsync(flow));
    }

    [Fact]
    public async Task L06_Without_a_hint_the_person_is_asked_first()
    {
        var flow = await Flow.SignUpAsync(fixture);

        var response = await EndAsync(flow, ("client_id", "spa"), ("post_logout_redirect_uri", Out), ("state", "s-1"));
        Assert.StartsWith("/signout?then=", response.Headers.Location!.OriginalString, StringComparison.Ordinal);
        var page = await flow.Browser.GetAsync(response.Headers.Location.OriginalString);
        Assert.Contains("The client spa", flow.Browser.Page, StringComparison.Ordinal);
        Assert.Contains("form-action 'self' https://spa.example", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.True(await IsSignedInAsync(flow));

        await flow.Browser.GetAsync(response.Headers.Location.OriginalString);
        var confirmed = await flow.Browser.SubmitAsync();
        Assert.Equal($"{Out}?state=s-1", confirmed.Headers.Location!.OriginalString);
        Assert.False(await IsSignedInAsync(flow));
    }

    [Fact]
    public async Task L06_A_hint_of_another_person_or_session_does_not_sign_out()
    {
        var (flow, other) = (await Flow.SignUpAsync(fixture), await Flow.SignUpAsync(fixture));
        var ofBefore = await HintAsync(flow);
        await flow.Browser.SignInAsync(flow.Email, Flow.Password, (await flow.AuthorizeAsync("prompt=login")).Headers.Location!.ToString()); // a new session

        foreach (var hint in new[] { await HintAsync(other), ofBefore })
            Assert.Equal("/signout", (await EndAsync(flow, ("id_token_hint", hint))).Headers.Location!.OriginalString);

        Assert.True(await IsSignedInAsync(flow));
    }

    [Fact]
    public async Task L07_Without_its_antiforgery_token_the_confirmation_does_nothing()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var confirm = (await EndAsync(flow, ("client_id", "spa"), ("post_logout_redirect_uri", Out))).Headers.Location!.OriginalString;

        await Refusal.IsPageAsync(await flow.Browser.PostAsync(confirm, ("__RequestVerificationToken", "wrong")), Out);

        Assert.True(await IsSignedInAsync(flow));
    }

    [Fact]
    public async Task L07_Where_the_confirmation_leads_cannot_be_made_up()
    {
        var flow = await Flow.SignUpAsync(fixture);
        await flow.Browser.GetAsync("/signout?then=" + Uri.EscapeDataString("""{"ClientId":"spa","Uri":"https://evil.example"}"""));

        Assert.Equal("/signin", (await flow.Browser.SubmitAsync()).Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task L08_An_expired_hint_of_this_session_will_do()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var hint = await HintAsync(flow);

        fixture.Clock.Advance(TimeSpan.FromMinutes(30));

        Assert.Equal(Out, (await EndAsync(flow, ("id_token_hint", hint), ("post_logout_redirect_uri", Out))).Headers.Location!.OriginalString);
        Assert.False(await IsSignedInAsync(flow));
    }

    [Fact]
    public async Task L09_After_it_the_old_cookie_is_nobody()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var hint = await HintAsync(flow);
        var before = new Dictionary<string, string>(flow.Browser.Cookies);

        await EndAsync(flow, ("id_token_hint", hint));

        foreach (var (name, value) in before)
            flow.Browser.Cookies[name] = value;
        Refusal.IsSentBack(await flow.AuthorizeAsync("prompt=none"), "login_required", flow, fixture.Issuer);
    }

    [Fact]
    public async Task Who_is_not_signed_in_is_sent_back_at_once()
    {
        var flow = Flow.SignedOut(fixture);

        Assert.Equal(Out, (await EndAsync(flow, ("client_id", "spa"), ("post_logout_redirect_uri", Out))).Headers.Location!.OriginalString);
    }

    /// <summary>A posted request comes without the cookie, which is SameSite=Lax; the redirect to itself brings it.</summary>
    [Fact]
    public async Task A_posted_request_goes_on_as_get_with_the_same_parameters()
    {
        var flow = await Flow.SignUpAsync(fixture);

        var posted = await flow.Browser.PostAsync("/connect/endsession", ("id_token_hint", await HintAsync(flow)), ("post_logout_redirect_uri", Out), ("state", "s"), ("other", "x"));
        Assert.Equal(HttpStatusCode.SeeOther, posted.StatusCode);
        Assert.StartsWith("/connect/endsession?id_token_hint=", posted.Headers.Location!.OriginalString, StringComparison.Ordinal);

        Assert.Equal($"{Out}?state=s", (await flow.Browser.GetAsync(posted.Headers.Location.OriginalString)).Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Repeated_and_garbled_parameters_are_refused()
    {
        var flow = await Flow.SignUpAsync(fixture);

        await Refusal.IsPageAsync(await EndAsync(flow, ("client_id", "spa"), ("client_id", "web")));
        await Refusal.IsPageAsync(await EndAsync(flow, ("client_id", "spa"), ("state", "a\r\nX: b"), ("post_logout_redirect_uri", Out)));
        await Refusal.IsPageAsync(await EndAsync(flow, ("client_id", "spa"), ("state", new string('s', 2000)), ("post_logout_redirect_uri", Out)));
        await Refusal.IsPageAsync(await flow.Browser.PostAsync("/connect/endsession", ("state", "a"), ("state", "b")));
        Assert.True(await IsSignedInAsync(flow));
    }

    private static async Task<string> HintAsync(Flow flow) => (await flow.TokensAsync())["id_token"]!.GetValue<string>();

    private static Task<HttpResponseMessage> EndAsync(Flow flow, params (string Name, string Value)[] parameters) => flow.Browser.GetAsync(Flow.AddressOf("/connect/endsession", parameters));

    private static async Task<bool> IsSignedInAsync(Flow flow) => (await flow.Browser.GetAsync("/")).StatusCode == HttpStatusCode.OK;
}
