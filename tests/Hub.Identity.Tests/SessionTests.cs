using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Where a person is signed in, and taking it back: by page and by API.</summary>
public sealed class SessionTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private const string Windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0";

    [Theory]
    [InlineData(Windows, "Firefox on Windows")]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1", "Safari on iPhone")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36", "Chrome on Linux")]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", "Edge on Windows")]
    [InlineData("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", "Safari on macOS")]
    [InlineData("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android")]
    [InlineData("curl/8.5.0", "Unknown browser")]
    [InlineData("<script>alert(1)</script> Linux", "Browser on Linux")]
    [InlineData(null, "Unknown browser")]
    public void A_browser_is_said_in_the_Hubs_own_words(string? header, string words) => Assert.Equal(words, UserAgent.Describe(header));

    [Fact]
    public async Task The_page_shows_each_browser_and_which_one_it_is()
    {
        var flow = await Flow.SignUpAsync(fixture);
        using var other = await SignInAsync(flow, Windows);

        await flow.Browser.GetAsync("/account/sessions");

        Assert.Contains("Firefox on Windows", flow.Browser.Page, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", flow.Browser.Page, StringComparison.Ordinal);
        Assert.Equal(2, Count(flow.Browser.Page, "name=\"end\""));
        Assert.Equal(1, Count(flow.Browser.Page, "this browser"));
    }

    [Fact]
    public async Task One_browser_is_signed_out_from_another()
    {
        var flow = await Flow.SignUpAsync(fixture);
        using var other = await SignInAsync(flow, Windows);
        await flow.Browser.GetAsync("/account/sessions");

        Assert.Equal("/account/sessions", (await flow.Browser.SubmitAsync(("end", await NewestAsync(flow)))).Headers.Location?.ToString());

        Assert.StartsWith("/signin", (await other.GetAsync("/account")).Headers.Location?.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await flow.Browser.GetAsync("/account/sessions")).StatusCode);
    }

    [Fact]
    public async Task Nobody_ends_anothers_session()
    {
        var (flow, stranger) = (await Flow.SignUpAsync(fixture), await Flow.SignUpAsync(fixture));
        await stranger.Browser.GetAsync("/account/sessions");

        await stranger.Browser.SubmitAsync(("end", await NewestAsync(flow)));
        using var client = await ApiAsync(stranger);
        var response = await client.DeleteAsync(new Uri($"/v1/me/sessions/{await NewestAsync(flow)}", UriKind.Relative));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await flow.Browser.GetAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task R08_Signing_out_everywhere_ends_every_browser_and_every_family_of_tokens()
    {
        var flow = await Flow.SignUpAsync(fixture);
        using var other = await SignInAsync(flow, Windows);
        var tokens = await flow.TokensAsync();
        await flow.Browser.GetAsync("/account/sessions");

        Assert.Equal("/signin", (await flow.Browser.SubmitAsync(("everywhere", "true"))).Headers.Location?.ToString());

        Assert.False(flow.Browser.Cookies.ContainsKey("codezero-session"));
        Assert.StartsWith("/signin", (await other.GetAsync("/account")).Headers.Location?.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>())).StatusCode);
        await flow.Browser.SignInAsync(flow.Email, Flow.Password);
        Assert.Equal(HttpStatusCode.OK, (await flow.Browser.GetAsync("/account")).StatusCode);
    }

    [Fact]
    public async Task R08_The_API_does_the_same()
    {
        var flow = await Flow.SignUpAsync(fixture);
        using var other = await SignInAsync(flow, Windows);
        var tokens = await flow.TokensAsync();
        using var client = await ApiAsync(flow, tokens);

        var listed = (await client.GetFromJsonAsync<JsonObject>("/v1/me/sessions"))!["items"]!.AsArray();
        Assert.Equal(2, listed.Count);
        var windows = listed.Single(session => session!["device"]!.GetValue<string>() == "Firefox on Windows")!["id"]!.GetValue<string>();
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync(new Uri($"/v1/me/sessions/{windows}", UriKind.Relative))).StatusCode);
        Assert.Single((await client.GetFromJsonAsync<JsonObject>("/v1/me/sessions"))!["items"]!.AsArray());
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync(new Uri("/v1/me/sessions", UriKind.Relative))).StatusCode);

        Assert.StartsWith("/signin", (await flow.Browser.GetAsync("/account")).Headers.Location?.ToString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>())).StatusCode);
    }

    [Fact]
    public async Task A_session_ends_when_it_is_not_used_and_goes_on_when_it_is()
    {
        var (used, unused) = (await Flow.SignUpAsync(fixture), await Flow.SignUpAsync(fixture));

        for (var i = 0; i < 3; i++)
        {
            fixture.Clock.Advance(TimeSpan.FromMinutes(40));
            Assert.Equal(HttpStatusCode.OK, (await used.Browser.GetAsync("/account")).StatusCode);
        }

        Assert.StartsWith("/signin", (await unused.Browser.GetAsync("/account")).Headers.Location?.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_use_is_noted_at_most_once_a_minute()
    {
        var flow = await Flow.SignUpAsync(fixture);
        await flow.Browser.GetAsync("/account");
        var first = await SeenAsync(flow);

        fixture.Clock.Advance(TimeSpan.FromSeconds(50));
        await flow.Browser.GetAsync("/account");
        Assert.Equal(first, await SeenAsync(flow));
        fixture.Clock.Advance(TimeSpan.FromSeconds(50));
        await flow.Browser.GetAsync("/account");

        Assert.True(await SeenAsync(flow) > first);
    }

    private async Task<Browser> SignInAsync(Flow flow, string userAgent)
    {
        var browser = new Browser(fixture.Hub.Address) { UserAgent = userAgent };
        await browser.SignInAsync(flow.Email, Flow.Password);
        return browser;
    }

    private async Task<HttpClient> ApiAsync(Flow flow, JsonObject? tokens = null)
    {
        var client = fixture.Hub.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", (tokens ?? await flow.TokensAsync())["access_token"]!.GetValue<string>());
        return client;
    }

    private async Task<string> NewestAsync(Flow flow) =>
        (await fixture.QueryAsync<Guid>("select id from identity.sessions where user_id = $1 and ended_at is null order by id desc limit 1", flow.UserId)).ToString();

    private Task<DateTime> SeenAsync(Flow flow) => fixture.QueryAsync<DateTime>("select last_seen_at from identity.sessions where user_id = $1 order by id desc limit 1", flow.UserId);

    private static int Count(string page, string what) => page.Split(what).Length - 1;
}
