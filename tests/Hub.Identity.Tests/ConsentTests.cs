using System.Net;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>What a person allowed applications, remembered, shown, and taken back.</summary>
public sealed class ConsentTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    [Fact]
    public async Task What_was_allowed_once_is_not_asked_again_and_more_is()
    {
        var flow = await Flow.SignUpAsync(fixture);
        await flow.CodeAsync("scope=openid");

        Assert.Contains("code=", (await flow.AuthorizeAsync("scope=openid")).Headers.Location!.Query, StringComparison.Ordinal);
        Assert.StartsWith("/consent", (await flow.AuthorizeAsync("scope=openid hub")).Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_shows_what_each_application_may()
    {
        var flow = await Flow.SignUpAsync(fixture);
        await flow.Browser.GetAsync("/account/applications");
        Assert.Contains("No application acts for you", flow.Browser.Page, StringComparison.Ordinal);
        await flow.TokensAsync();

        await flow.Browser.GetAsync("/account/applications");

        Assert.Contains("The client spa", flow.Browser.Page, StringComparison.Ordinal);
        Assert.Contains("Use CodeZero Hub as you", flow.Browser.Page, StringComparison.Ordinal);
        Assert.Contains("last used", flow.Browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disconnecting_an_application_ends_its_families_and_no_others_for_good()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var (tokens, other) = (await flow.TokensAsync(), await flow.As("nat").TokensAsync());
        var code = await flow.CodeAsync();
        await flow.Browser.GetAsync("/account/applications");

        Assert.Equal("/account/applications", (await flow.Browser.SubmitAsync(("revoke", "spa"))).Headers.Location?.ToString());

        Assert.Equal(HttpStatusCode.BadRequest, (await flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>())).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await flow.RedeemAsync(code)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await flow.As("nat").RefreshAsync(other["refresh_token"]!.GetValue<string>())).StatusCode);
        Assert.StartsWith("/consent", (await flow.AuthorizeAsync()).Headers.Location!.ToString(), StringComparison.Ordinal);
        await flow.CodeAsync(); // allowed again: what was disconnected stays so
        Assert.Equal(HttpStatusCode.BadRequest, (await flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>())).StatusCode);
    }

    [Fact]
    public async Task Nobody_disconnects_anothers_application()
    {
        var (flow, stranger) = (await Flow.SignUpAsync(fixture), await Flow.SignUpAsync(fixture));
        var tokens = await flow.TokensAsync();
        await stranger.CodeAsync();
        await stranger.Browser.GetAsync("/account/applications");

        await stranger.Browser.SubmitAsync(("revoke", "spa"));

        Assert.Equal(HttpStatusCode.OK, (await flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>())).StatusCode);
    }
}
