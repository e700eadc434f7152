using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Clients that act for themselves, rows M01 to M06.</summary>
public sealed class ClientCredentialsTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    [Fact]
    public async Task Z04_M03_M04_A_client_gets_a_token_for_itself_and_nothing_else()
    {
        var tokens = await Flow.ReadAsync(await AskAsync("m2m"));

        Assert.Equal(["access_token", "expires_in", "scope", "token_type"], tokens.Select(member => member.Key).Order());
        Assert.Equal(("Bearer", 600, "orders:read orders:write"), (tokens["token_type"]!.GetValue<string>(), tokens["expires_in"]!.GetValue<int>(), tokens["scope"]!.GetValue<string>()));
        var claims = Claims(tokens);
        Assert.Equal(("m2m", "m2m", IdentityFixture.Resource, fixture.Issuer),
            (claims["sub"]!.GetValue<string>(), claims["client_id"]!.GetValue<string>(), claims["aud"]!.GetValue<string>(), claims["iss"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Z04_Without_scopes_and_resources_the_token_is_for_the_provider()
    {
        var tokens = await Flow.ReadAsync(await AskAsync("svc"));

        Assert.Equal(["access_token", "expires_in", "token_type"], tokens.Select(member => member.Key).Order());
        Assert.Equal(fixture.Issuer, Claims(tokens)["aud"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_client_names_less_scope_and_another_of_its_resources()
    {
        var claims = Claims(await Flow.ReadAsync(await AskAsync("m2m", "scope=orders:read", "resource=https://other-api.example")));

        Assert.Equal(("orders:read", "https://other-api.example"), (claims["scope"]!.GetValue<string>(), claims["aud"]!.GetValue<string>()));
    }

    [Fact]
    public async Task With_a_proof_the_token_is_bound_to_its_key()
    {
        using var key = new DpopKey();
        var flow = Flow.SignedOut(fixture, "m2m").As("m2m", key);

        var tokens = await Flow.ReadAsync(await flow.TokenAsync([("grant_type", "client_credentials"), .. flow.Authentication()]));

        Assert.Equal("DPoP", tokens["token_type"]!.GetValue<string>());
        Assert.Equal(key.Thumbprint, Claims(tokens)["cnf"]!["jkt"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("M01", "unauthorized_client", "spa")]
    [InlineData("M01", "unauthorized_client", "dpop")]
    [InlineData("C24", "unauthorized_client", "web")]
    [InlineData("M02", "invalid_scope", "m2m", "scope=orders:delete")]
    [InlineData("M02", "invalid_scope", "m2m", "scope=orders:read  orders:write")]
    [InlineData("M02", "invalid_scope", "svc", "scope=orders:read")]
    [InlineData("M04", "invalid_scope", "m2m", "scope=openid")]
    [InlineData("M04", "invalid_scope", "m2m", "scope=hub")]
    [InlineData("M04", "invalid_scope", "m2m", "scope=orders:read offline_access")]
    [InlineData("M05", "invalid_target", "m2m", "resource=relative")]
    [InlineData("M05", "invalid_target", "m2m", "resource=https://api.hub.example#fragment")]
    [InlineData("M06", "invalid_target", "m2m", "resource=https://unknown.example")]
    [InlineData("M06", "invalid_target", "m2m", "resource=https://api.hub.example/")]
    [InlineData("M06", "invalid_target", "svc", "resource=https://api.hub.example")]
    [InlineData("M06", "invalid_target", "m2m", "resource=https://api.hub.example", "+resource=https://other-api.example")]
    public async Task A_client_gets_no_more_than_its_own(string id, string error, string client, params string[] changes)
    {
        await Refusal.IsJsonAsync(await AskAsync(client, changes), 400, error);
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task M04_A_client_can_never_be_taken_for_a_person()
    {
        using var http = fixture.Hub.CreateClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", (await Flow.ReadAsync(await AskAsync("svc")))["access_token"]!.GetValue<string>());

        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await http.GetAsync("/v1/me")).StatusCode);
        var id = Guid.CreateVersion7().ToString();
        var refused = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => HubInstance.StartAsync(fixture.Database, new Dictionary<string, string?> { [$"Hub:Identity:Clients:{id}:Name"] = "x" }));
        Assert.Contains("neither a GUID", refused.Message, StringComparison.Ordinal);
    }

    private static JsonObject Claims(JsonObject tokens) => Jwt.Claims(tokens["access_token"]!.GetValue<string>());

    private Task<HttpResponseMessage> AskAsync(string client, params string[] changes)
    {
        var flow = Flow.SignedOut(fixture, client);
        return flow.TokenAsync(Flow.Change([("grant_type", "client_credentials"), .. flow.Authentication()], changes));
    }
}
