using System.Text.Json.Nodes;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Resource indicators (RFC 8707): an access token is for one resource, and only for one that was granted.</summary>
public sealed class ResourceTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private const string Other = "https://other-api.example";

    [Fact]
    public async Task One_grant_brings_tokens_for_each_resource_that_was_granted_one_at_a_time()
    {
        var flow = await fixture.SignedInAsync("web");
        var tokens = await flow.TokensAsync($"resource={IdentityFixture.Resource}", $"+resource={fixture.Issuer}/v1", $"+resource={Other}");

        Assert.Equal((fixture.Issuer + "/v1", "openid hub offline_access"), AudienceAndScope(tokens));
        tokens = await Flow.ReadAsync(await flow.RefreshAsync(Refresh(tokens), $"resource={Other}"));
        Assert.Equal((Other, "openid offline_access"), AudienceAndScope(tokens)); // the Hub's scope is no other API's
        tokens = await Flow.ReadAsync(await flow.RefreshAsync(Refresh(tokens), "scope=openid"));
        Assert.Equal((IdentityFixture.Resource, "openid"), AudienceAndScope(tokens));
    }

    [Fact]
    public async Task M06_A_token_for_what_was_not_granted_is_refused()
    {
        var flow = await fixture.SignedInAsync("web");
        var token = Refresh(await flow.TokensAsync($"resource={IdentityFixture.Resource}"));

        await Refusal.IsJsonAsync(await flow.RefreshAsync(token, $"resource={Other}"), 400, "invalid_target");
        await Refusal.IsJsonAsync(await flow.RefreshAsync(token, $"resource={fixture.Issuer}/v1"), 400, "invalid_target");
        await Refusal.IsJsonAsync(await flow.RefreshAsync(token, $"resource={IdentityFixture.Resource}", $"+resource={Other}"), 400, "invalid_target");
        await Refusal.IsJsonAsync(await flow.RedeemAsync(await flow.CodeAsync($"resource={IdentityFixture.Resource}"), $"resource={Other}"), 400, "invalid_target");
        await Flow.ReadAsync(await flow.RefreshAsync(token));
    }

    [Fact]
    public async Task M06_A_resource_that_is_not_the_clients_cannot_be_asked_for()
    {
        var flow = await fixture.SignedInAsync();

        Refusal.IsSentBack(await flow.AuthorizeAsync($"resource={IdentityFixture.Resource}"), "invalid_target", flow, fixture.Issuer);
        Refusal.IsSentBack(await flow.AuthorizeAsync($"resource={fixture.Issuer}/v1", "+resource=https://unknown.example"), "invalid_target", flow, fixture.Issuer);
        await flow.CodeAsync($"resource={fixture.Issuer}/v1");
    }

    [Fact]
    public async Task Without_the_scope_hub_the_token_is_for_the_provider_alone()
    {
        var flow = await fixture.SignedInAsync("web");

        Assert.Equal((fixture.Issuer, "openid"), AudienceAndScope(await flow.TokensAsync("scope=openid")));
    }

    private static (string, string) AudienceAndScope(JsonObject tokens)
    {
        var claims = Jwt.Claims(tokens["access_token"]!.GetValue<string>());
        Assert.Equal(claims["scope"]!.GetValue<string>(), tokens["scope"]!.GetValue<string>());
        return (claims["aud"]!.GetValue<string>(), claims["scope"]!.GetValue<string>());
    }

    private static string Refresh(JsonObject tokens) => tokens["refresh_token"]!.GetValue<string>();
}
