using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Machines by client_credentials, rows M; proofs at the token endpoint, rows J.</summary>
public sealed class MachineAndDpopTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    [Fact]
    public async Task Z04_M03_M04_A_machine_gets_a_bound_token_for_itself_and_nothing_else()
    {
        var tokens = await Flow.ReadAsync(await AskAsync());

        Assert.Equal(["access_token", "expires_in", "scope", "token_type"], tokens.Select(member => member.Key).Order());
        Assert.Equal(("DPoP", 300, "agent"), (tokens["token_type"]!.GetValue<string>(), tokens["expires_in"]!.GetValue<int>(), tokens["scope"]!.GetValue<string>()));
        var claims = Jwt.Claims(tokens["access_token"]!.GetValue<string>());
        Assert.Equal((IdentityFixture.MachineId, fixture.Issuer + "/agent", "o-1", "c-1"),
            (claims["sub"]!.GetValue<string>(), claims["aud"]!.GetValue<string>(), claims["org"]!.GetValue<string>(), claims["cluster"]!.GetValue<string>()));
        Assert.Equal(fixture.MachineKey.Thumbprint, claims["cnf"]!["jkt"]!.GetValue<string>());
        Assert.False(Guid.TryParse(claims["sub"]!.GetValue<string>(), out _));
    }

    [Theory]
    [InlineData("M02", "invalid_scope", "scope=hub")]
    [InlineData("M02", "invalid_scope", "scope=agent hub")]
    [InlineData("M04", "invalid_scope", "scope=openid")]
    [InlineData("M05", "invalid_target", "resource=relative")]
    [InlineData("M05", "invalid_target", "resource=https://hub.example/agent#fragment")]
    [InlineData("M06", "invalid_target", "resource=https://other.example/agent")]
    [InlineData("C24", "unauthorized_client", "grant_type=refresh_token", "refresh_token=x")]
    [InlineData("C24", "unauthorized_client", "grant_type=authorization_code", "code=x")]
    public async Task A_machine_gets_no_more_than_its_own(string id, string error, params string[] changes)
    {
        await Refusal.IsJsonAsync(await AskAsync(changes), 400, error);
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task A_machine_may_name_its_scope_and_resource() => await Flow.ReadAsync(await AskAsync(["scope=agent", $"resource={fixture.Issuer}/agent"]));

    [Fact]
    public async Task M01_A_public_client_is_no_machine()
    {
        await Refusal.IsJsonAsync(await Flow.SignedOut(fixture).TokenAsync([("grant_type", "client_credentials"), ("client_id", "spa")]), 400, "unauthorized_client");
        await Refusal.IsJsonAsync(await Flow.SignedOut(fixture).TokenAsync([("grant_type", "client_credentials"), ("client_id", IdentityFixture.MachineId)]), 401, "invalid_client");
    }

    [Fact]
    public async Task A_machine_proves_with_the_key_it_authenticates_with_and_always()
    {
        using var other = new DpopKey();

        await Refusal.IsJsonAsync(await Flow.SignedOut(fixture).TokenAsync(Form()), 400, "invalid_dpop_proof");
        await Refusal.IsJsonAsync(await Flow.SignedOut(fixture).As("spa", other).TokenAsync(Form()), 400, "invalid_dpop_proof");
        await Refusal.IsJsonAsync(await Flow.SignedOut(fixture).As("spa", other).TokenAsync(Form(other)), 401, "invalid_client");
    }

    [Fact]
    public async Task Z08_With_a_proof_tokens_are_bound_to_its_key()
    {
        using var key = new DpopKey();
        var flow = (await fixture.SignedInAsync()).As("czctl", key);

        var tokens = await flow.TokensAsync($"dpop_jkt={key.Thumbprint}");

        Assert.Equal("DPoP", tokens["token_type"]!.GetValue<string>());
        Assert.Equal(key.Thumbprint, Jwt.Claims(tokens["access_token"]!.GetValue<string>())["cnf"]!["jkt"]!.GetValue<string>());
        await Flow.ReadAsync(await flow.RefreshAsync(tokens["refresh_token"]!.GetValue<string>()));
    }

    public static TheoryData<string, Action<JsonObject, JsonObject>> WrongProofs => new()
    {
        { "J01 typ", (header, _) => header["typ"] = "JWT" },
        { "J02 alg none", (header, _) => header["alg"] = "none" },
        { "J02 alg HS256", (header, _) => header["alg"] = "HS256" },
        { "J02 alg RS256", (header, _) => header["alg"] = "RS256" },
        { "J03 no jwk", (header, _) => header.Remove("jwk") },
        { "J03 private jwk", (header, _) => header["jwk"]!["d"] = "AAAA" },
        { "J03 symmetric jwk", (header, _) => header["jwk"] = new JsonObject { ["kty"] = "oct", ["k"] = "AAAA" } },
        { "J04 another key", (header, _) => { using var other = new DpopKey(); header["jwk"] = other.Jwk; } },
        { "J05 no jti", (_, claims) => claims.Remove("jti") },
        { "J05 no htm", (_, claims) => claims.Remove("htm") },
        { "J05 no htu", (_, claims) => claims.Remove("htu") },
        { "J05 no iat", (_, claims) => claims.Remove("iat") },
        { "J06 htm", (_, claims) => claims["htm"] = "GET" },
        { "J06 htu path", (_, claims) => claims["htu"] = claims["htu"]!.GetValue<string>() + "s" },
        { "J06 htu host", (_, claims) => claims["htu"] = "https://other.example/connect/token" },
        { "J06 htu no string", (_, claims) => claims["htu"] = 1 },
        { "J07 old", (_, claims) => claims["iat"] = claims["iat"]!.GetValue<long>() - 65 },
        { "J07 future", (_, claims) => claims["iat"] = claims["iat"]!.GetValue<long>() + 65 },
    };

    [Theory]
    [MemberData(nameof(WrongProofs))]
    public async Task Wrong_proofs_are_refused_and_leave_the_code_good(string id, Action<JsonObject, JsonObject> change)
    {
        using var key = new DpopKey();
        var flow = (await fixture.SignedInAsync()).As("czctl", key);
        var code = await flow.CodeAsync();

        await Refusal.IsJsonAsync(await flow.TokenAsync(CodeForm(flow, code), flow.Prove(change)), 400, "invalid_dpop_proof");

        await Flow.ReadAsync(await flow.RedeemAsync(code));
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task J08_A_proof_is_good_once()
    {
        using var key = new DpopKey();
        var flow = (await fixture.SignedInAsync()).As("czctl", key);
        var proof = flow.Prove();
        await Flow.ReadAsync(await flow.TokenAsync(CodeForm(flow, await flow.CodeAsync()), proof));

        await Refusal.IsJsonAsync(await flow.TokenAsync(CodeForm(flow, await flow.CodeAsync()), proof), 400, "invalid_dpop_proof");
    }

    [Fact]
    public async Task J09_J14_J15_No_proof_two_proofs_and_a_huge_one_are_refused()
    {
        using var key = new DpopKey();
        var flow = (await fixture.SignedInAsync()).As("czctl", key);
        var code = await flow.CodeAsync();

        await Refusal.IsJsonAsync(await flow.TokenAsync(CodeForm(flow, code), flow.Prove(), flow.Prove()), 400, "invalid_dpop_proof");
        await Refusal.IsJsonAsync(await flow.TokenAsync(CodeForm(flow, code), flow.Prove((_, claims) => claims["pad"] = new string('x', 8000))), 400, "invalid_dpop_proof");
        await Refusal.IsJsonAsync(await flow.As("czctl").TokenAsync(CodeForm(flow, code)), 400, "invalid_dpop_proof");
    }

    [Fact]
    public async Task J13_A_code_bound_to_a_key_needs_that_key()
    {
        using var key = new DpopKey();
        using var other = new DpopKey();
        var flow = (await fixture.SignedInAsync()).As("spa", key);

        var code = await flow.CodeAsync($"dpop_jkt={other.Thumbprint}");
        await Refusal.IsJsonAsync(await flow.RedeemAsync(code), 400, "invalid_grant");
        var unproven = flow.As("spa");
        await Refusal.IsJsonAsync(await unproven.RedeemAsync(await unproven.CodeAsync($"dpop_jkt={key.Thumbprint}")), 400, "invalid_grant");
    }

    private static List<(string, string)> CodeForm(Flow flow, string code) =>
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", flow.RedirectUri), ("code_verifier", flow.Verifier), ("client_id", flow.Client)];

    private List<(string Name, string Value)> Form(DpopKey? key = null, params string[] changes) => Flow.Change(
    [
        ("grant_type", "client_credentials"), ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", Assertions.Make(fixture, IdentityFixture.MachineId, key ?? fixture.MachineKey)),
    ], changes);

    private Task<HttpResponseMessage> AskAsync(params string[] changes) => Flow.SignedOut(fixture).As("spa", fixture.MachineKey).TokenAsync(Form(null, changes));
}
