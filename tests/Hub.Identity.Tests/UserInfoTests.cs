using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Access tokens where they are used: userinfo and the API, rows I11 to I20, J11, J12.</summary>
public sealed class UserInfoTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private static readonly string[] Places = ["/connect/userinfo", "/v1/me"];

    [Theory]
    [InlineData("openid", "sub")]
    [InlineData("openid email", "email email_verified sub")]
    [InlineData("openid hub", "sub")]
    public async Task Userinfo_tells_what_was_allowed(string scope, string claims)
    {
        var flow = await fixture.SignedInAsync();
        var token = Access(await flow.TokensAsync($"scope={scope}"));

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post })
        {
            var response = await AskAsync(method, "/connect/userinfo", $"Bearer {token}");
            var answer = await Flow.ReadAsync(response);
            Assert.Equal(claims, string.Join(' ', answer.Select(claim => claim.Key).Order()));
            Assert.Equal(flow.UserId.ToString(), answer["sub"]!.GetValue<string>());
            Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
            if (answer["email"] is { } email)
                Assert.Equal((flow.Email, true), (email.GetValue<string>(), answer["email_verified"]!.GetValue<bool>()));
        }
    }

    [Fact]
    public async Task I11_Without_a_token_the_challenge_names_no_error()
    {
        foreach (var place in Places)
        {
            var response = await AskAsync(HttpMethod.Get, place, null);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal(["Bearer", "DPoP"], response.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme).Order());
            Assert.All(response.Headers.WwwAuthenticate, challenge => Assert.DoesNotContain("error", challenge.Parameter, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task I12_A_token_in_the_address_is_none()
    {
        var token = await TokenAsync();

        foreach (var place in Places)
            Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(HttpMethod.Get, $"{place}?access_token={token}", null)).StatusCode);
        await IsRefusedAsync(await AskAsync(HttpMethod.Get, $"/connect/userinfo?access_token={token}", $"Bearer {token}"), 400, "invalid_request");
    }

    [Fact]
    public async Task I13_A_token_in_header_and_body_at_once_is_refused()
    {
        var token = await TokenAsync();

        await IsRefusedAsync(await AskAsync(HttpMethod.Post, "/connect/userinfo", $"Bearer {token}", new FormUrlEncodedContent([new("access_token", token)])), 400, "invalid_request");
    }

    [Fact]
    public async Task I14_An_expired_or_garbled_token_is_refused()
    {
        var token = await TokenAsync();
        foreach (var wrong in new[] { "garbage", "a.b.c", token[..^6] + "AAAAAA", token + "x", "." })
            await IsRefusedAsync(wrong);

        fixture.Clock.Advance(TimeSpan.FromMinutes(11));
        await IsRefusedAsync(token);
    }

    [Theory]
    [InlineData("I14", "update identity.grants set revoked_at = now() where user_id = $1")]
    [InlineData("I14", "update identity.users set security_stamp = 'changed' where id = $1")]
    [InlineData("I14", "delete from identity.users where id = $1")]
    public async Task Userinfo_looks_up_what_the_token_stands_on(string id, string sql)
    {
        var flow = await Flow.SignUpAsync(fixture);
        var token = Access(await flow.TokensAsync());
        await Flow.ReadAsync(await AskAsync(HttpMethod.Get, "/connect/userinfo", $"Bearer {token}"));

        await fixture.ExecuteAsync(sql, flow.UserId);

        await IsRefusedAsync(await AskAsync(HttpMethod.Get, "/connect/userinfo", $"Bearer {token}"), 401, "invalid_token");
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task I15_A_token_without_openid_is_not_enough()
    {
        var own = Access(await Flow.ReadAsync(await Flow.SignedOut(fixture, "svc").TokenAsync([("grant_type", "client_credentials")])));
        var hubOnly = Access(await (await fixture.SignedInAsync()).TokensAsync("scope=hub"));

        foreach (var token in new[] { own, hubOnly })
            await IsRefusedAsync(await AskAsync(HttpMethod.Get, "/connect/userinfo", $"Bearer {token}"), 403, "insufficient_scope");
    }

    [Fact]
    public async Task I16_An_id_token_is_no_access_token()
    {
        var tokens = await (await fixture.SignedInAsync()).TokensAsync();

        await IsRefusedAsync(tokens["id_token"]!.GetValue<string>());
    }

    [Fact]
    public async Task I17_A_token_for_another_resource_is_refused()
    {
        var token = Access(await (await fixture.SignedInAsync("web")).TokensAsync($"resource={IdentityFixture.Resource}"));

        await IsRefusedAsync(token);
    }

    public static TheoryData<string, Action<JsonObject, JsonObject>> WrongTokens => new()
    {
        { "I17 alg none", (header, _) => header["alg"] = "none" },
        { "I17 HS256 with the public key", (header, _) => header["alg"] = "HS256" },
        { "I17 another typ", (header, _) => header["typ"] = "JWT" },
        { "I17 crit", (header, _) => header["crit"] = new JsonArray("x") },
        { "I17 unknown kid", (header, _) => header["kid"] = "unknown" },
        { "I17 another issuer", (_, claims) => claims["iss"] = "https://evil.example" },
        { "I17 another API", (_, claims) => claims["aud"] = "https://other.example" },
        { "I17 expired", (_, claims) => claims["exp"] = claims["exp"]!.GetValue<long>() - 3600 },
        { "I17 not valid yet", (_, claims) => claims["nbf"] = claims["exp"]!.GetValue<long>() },
        { "I17 another subject", (_, claims) => claims["sub"] = Guid.CreateVersion7().ToString() },
    };

    [Theory]
    [MemberData(nameof(WrongTokens))]
    public async Task Forged_tokens_are_refused(string id, Action<JsonObject, JsonObject> change)
    {
        var right = await TokenAsync();
        var (header, claims) = (Jwt.Header(right), Jwt.Claims(right));
        change(header, claims);
        var signed = $"{Encode(header)}.{Encode(claims)}";
        var publicKey = await fixture.Hub.CreateClient().GetStringAsync("/connect/jwks");
        var mac = Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(publicKey), Encoding.ASCII.GetBytes(signed)));

        foreach (var signature in new[] { "", right.Split('.')[2], mac })
            await IsRefusedAsync($"{signed}.{signature}");
        using var other = new DpopKey();
        await IsRefusedAsync(other.Sign(header, claims));
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task I18_A_bound_token_is_no_bearer_token()
    {
        using var key = new DpopKey();
        var token = await TokenAsync(key);

        await IsRefusedAsync(token);
        Assert.Equal(HttpStatusCode.OK, (await AskBoundAsync(token, key)).StatusCode);
    }

    [Fact]
    public async Task J11_A_proof_without_the_hash_of_its_token_is_refused()
    {
        using var key = new DpopKey();
        var token = await TokenAsync(key);

        await IsRefusedAsync(await AskBoundAsync(token, key, (_, claims) => claims.Remove("ath")), 401, "invalid_dpop_proof");
        await IsRefusedAsync(await AskBoundAsync(token, key, (_, claims) => claims["ath"] = Base64Url.EncodeToString(SHA256.HashData("other"u8))), 401, "invalid_dpop_proof");
    }

    [Fact]
    public async Task J12_A_proof_by_another_key_is_refused()
    {
        using var key = new DpopKey();
        using var other = new DpopKey();

        await IsRefusedAsync(await AskBoundAsync(await TokenAsync(key), other), 401, "invalid_token");
    }

    [Fact]
    public async Task J08_A_proof_is_good_once_at_userinfo_too()
    {
        using var key = new DpopKey();
        var token = await TokenAsync(key);
        var proof = key.Prove(HttpMethod.Get, new Uri(fixture.Hub.Address, "/connect/userinfo"), token, null, fixture.Clock.GetUtcNow());

        Assert.Equal(HttpStatusCode.OK, (await AskAsync(HttpMethod.Get, "/connect/userinfo", $"DPoP {token}", null, proof)).StatusCode);
        await IsRefusedAsync(await AskAsync(HttpMethod.Get, "/connect/userinfo", $"DPoP {token}", null, proof), 401, "invalid_dpop_proof");
    }

    [Fact]
    public async Task I19_Another_organization_is_answered_as_one_that_never_existed()
    {
        using var member = await TestPerson.SignUpAsync(fixture.Hub);
        using var stranger = await TestPerson.SignUpAsync(fixture.Hub);

        var foreign = await stranger.Client.GetAsync($"/v1/orgs/{member.Slug}");
        var nothing = await stranger.Client.GetAsync("/v1/orgs/never-existed");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (foreign.StatusCode, nothing.StatusCode));
        Assert.Equal(await ProblemAsync(nothing), await ProblemAsync(foreign));
    }

    [Fact]
    public async Task I20_Who_was_removed_is_out_with_the_next_call()
    {
        using var member = await TestPerson.SignUpAsync(fixture.Hub);
        Assert.Equal(HttpStatusCode.OK, (await member.Client.GetAsync($"/v1/orgs/{member.Slug}")).StatusCode);

        await fixture.ExecuteAsync("delete from identity.memberships where user_id = $1", member.UserId);

        Assert.Equal(HttpStatusCode.NotFound, (await member.Client.GetAsync($"/v1/orgs/{member.Slug}")).StatusCode);
    }

    private static string Access(JsonObject tokens) => tokens["access_token"]!.GetValue<string>();

    private static string Encode(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));

    private static async Task<string> ProblemAsync(HttpResponseMessage response)
    {
        var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        problem.Remove("traceId");
        return problem.ToJsonString();
    }

    private async Task<string> TokenAsync(DpopKey? key = null) => Access(await (await fixture.SignedInAsync()).As("spa", key).TokensAsync());

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, string place, string? authorization, HttpContent? body = null, string? proof = null)
    {
        using var client = fixture.Hub.CreateClient();
        using var request = new HttpRequestMessage(method, place) { Content = body };
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        if (proof is not null)
            request.Headers.TryAddWithoutValidation("DPoP", proof);
        return await client.SendAsync(request);
    }

    private Task<HttpResponseMessage> AskBoundAsync(string token, DpopKey key, Action<JsonObject, JsonObject>? change = null) => AskAsync(HttpMethod.Get, "/connect/userinfo", $"DPoP {token}", null,
        key.Prove(HttpMethod.Get, new Uri(fixture.Hub.Address, "/connect/userinfo"), token, change, fixture.Clock.GetUtcNow()));

    /// <summary>Refused as an invalid token wherever access tokens are taken.</summary>
    private async Task IsRefusedAsync(string token)
    {
        foreach (var place in Places)
            await IsRefusedAsync(await AskAsync(HttpMethod.Get, place, $"Bearer {token}"), 401, "invalid_token");
    }

    private static async Task IsRefusedAsync(HttpResponseMessage response, int status, string error)
    {
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        Assert.Contains(response.Headers.WwwAuthenticate, challenge => challenge.Scheme is "Bearer" or "DPoP" && challenge.Parameter!.Contains($"error=\"{error}\"", StringComparison.Ordinal));
    }
}
