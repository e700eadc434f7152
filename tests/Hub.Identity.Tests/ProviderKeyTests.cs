using System.Net;
using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Discovery and keys, rows K.</summary>
public sealed class ProviderKeyTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    [Fact]
    public async Task K01_The_issuer_is_the_configured_one_whatever_the_request_says()
    {
        using var client = fixture.Hub.CreateClient();
        using var spoofed = new HttpRequestMessage(HttpMethod.Get, "/.well-known/openid-configuration") { Headers = { { "Host", "evil.example" } } };
        using var forwarded = new HttpRequestMessage(HttpMethod.Get, "/.well-known/openid-configuration") { Headers = { { "X-Forwarded-Host", "evil.example" }, { "X-Forwarded-Proto", "https" } } };

        Assert.Equal(HttpStatusCode.BadRequest, (await client.SendAsync(spoofed)).StatusCode);
        var document = await Flow.ReadAsync(await client.SendAsync(forwarded));
        var token = Jwt.Claims((await (await fixture.SignedInAsync()).TokensAsync())["access_token"]!.GetValue<string>());

        Assert.Equal(fixture.Issuer, document["issuer"]!.GetValue<string>());
        Assert.Equal(fixture.Issuer, token["iss"]!.GetValue<string>());
        Assert.All(document.Where(member => member.Key.EndsWith("_endpoint", StringComparison.Ordinal) || member.Key == "jwks_uri"),
            member => Assert.StartsWith(fixture.Issuer + "/", member.Value!.GetValue<string>(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task K04_Discovery_lists_nothing_that_is_not_safe()
    {
        using var client = fixture.Hub.CreateClient();

        var document = await client.GetStringAsync("/.well-known/openid-configuration");

        foreach (var word in new[] { "HS256", "plain", "password", "implicit", "\"token\"", "client_secret_post", "client_secret_jwt" })
            Assert.DoesNotContain(word, document, StringComparison.Ordinal);
        foreach (var member in JsonNode.Parse(document)!.AsObject().Where(member => member.Key.EndsWith("_alg_values_supported", StringComparison.Ordinal)))
            Assert.DoesNotContain("none", member.Value!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task K02_K03_The_key_set_is_public_members_of_named_signing_keys()
    {
        var keys = await KeysAsync(fixture.Hub);

        Assert.Equal(keys.Count, keys.Select(key => key["kid"]!.GetValue<string>()).Distinct().Count());
        Assert.All(keys, key =>
        {
            Assert.Equal("sig", key["use"]!.GetValue<string>());
            var expected = key["alg"]!.GetValue<string>() switch { "ES256" => "alg crv kid kty use x y", "RS256" => "alg e kid kty n use", var other => other };
            Assert.Equal(expected, string.Join(' ', key.Select(member => member.Key).Order()));
        });
        Assert.Equal(["ES256", "RS256"], keys.Select(key => key["alg"]!.GetValue<string>()).Distinct().Order());
    }

    [Fact]
    public async Task K05_A_new_key_is_published_before_it_signs_and_an_old_one_kept_until_nobody_needs_it()
    {
        await using var database = await TestDatabase.CreateUnusedAsync();
        await using var hub = await fixture.StartAsync(database);
        var first = await KidsAsync(hub);
        Assert.Equal(2, first.Count);

        fixture.Clock.Advance(TimeSpan.FromDays(75));
        Assert.Equal(first, await KidsAsync(hub));

        fixture.Clock.Advance(TimeSpan.FromDays(2));
        var both = await KidsAsync(hub);
        Assert.Equal(4, both.Count);
        Assert.Subset(both, first);

        fixture.Clock.Advance(TimeSpan.FromDays(14)); // day 91: the new ones sign, the old ones still verify
        Assert.Equal(both, await KidsAsync(hub));

        fixture.Clock.Advance(TimeSpan.FromDays(14)); // day 105
        var second = await KidsAsync(hub);
        Assert.Equal(2, second.Count);
        Assert.Empty(second.Intersect(first));
        fixture.ForgetPerson();
    }

    [Fact]
    public async Task K05_A_token_outlives_the_change_of_keys()
    {
        var flow = await Flow.SignUpAsync(fixture);
        var before = (await flow.TokensAsync())["access_token"]!.GetValue<string>();
        var life = fixture.Clock.GetUtcNow();
        fixture.Clock.Advance(TimeSpan.FromDays(91));
        fixture.ForgetPerson();
        var after = (await (await Flow.SignUpAsync(fixture)).TokensAsync())["access_token"]!.GetValue<string>();

        Assert.NotEqual(Jwt.Header(before)["kid"]!.GetValue<string>(), Jwt.Header(after)["kid"]!.GetValue<string>());
        var keys = new JsonWebKeySet(new JsonObject { ["keys"] = new JsonArray([.. (await KeysAsync(fixture.Hub)).Select(key => key.DeepClone())]) }.ToJsonString()).GetSigningKeys();
        foreach (var token in new[] { before, after })
        {
            var result = await new JsonWebTokenHandler().ValidateTokenAsync(token, new TokenValidationParameters
            {
                ValidIssuer = fixture.Issuer,
                ValidAudience = fixture.Issuer + "/v1",
                ValidTypes = ["at+jwt"],
                IssuerSigningKeys = keys,
                ValidateLifetime = false,
            });
            Assert.True(result.IsValid, result.Exception?.Message);
        }
        Assert.True(Jwt.Claims(before)["exp"]!.GetValue<long>() <= life.AddMinutes(10).ToUnixTimeSeconds());
    }

    [Fact]
    public async Task Replicas_that_start_at_once_agree_on_the_keys()
    {
        await using var database = await TestDatabase.CreateUnusedAsync();
        await using var one = await fixture.StartAsync(database);
        await using var two = await fixture.StartAsync(database, one.Address);

        var sets = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => KidsAsync(i % 2 == 0 ? one : two, one)));

        Assert.All(sets, set => Assert.Equal(sets[0], set));
        Assert.Equal(2, sets[0].Count);
    }

    [Fact]
    public async Task A_replica_whose_clock_is_behind_issues_tokens_from_the_first_start_on()
    {
        await using var database = await TestDatabase.CreateUnusedAsync();
        await using var ahead = await fixture.StartAsync(database);
        await KidsAsync(ahead);
        await using var behind = await HubInstance.StartAsync(database, fixture.Settings,
            services => services.AddSingleton<TimeProvider>(new FakeTimeProvider(fixture.Clock.GetUtcNow().AddMinutes(-1))), publicUrl: ahead.Address);
        var keys = behind.Services.GetRequiredService<SigningKeys>();

        foreach (var algorithm in SigningAlgorithms.All)
            Assert.Contains((await keys.GetCurrentAsync(algorithm, default)).Key.KeyId, await KidsAsync(ahead));
    }

    [Fact]
    public async Task K07_Two_issuers_share_no_key()
    {
        await using var database = await TestDatabase.CreateUnusedAsync();
        await using var other = await fixture.StartAsync(database);

        Assert.Empty((await KidsAsync(other)).Intersect(await KidsAsync(fixture.Hub)));
    }

    [Fact]
    public async Task Private_keys_are_kept_encrypted()
    {
        await KidsAsync(fixture.Hub);

        Assert.True(await fixture.QueryAsync<bool>("select bool_and(position('\\x06082a8648ce3d030107'::bytea in protected_key) = 0 and position('\\x06092a864886f70d010101'::bytea in protected_key) = 0) from identity.signing_keys"));
    }

    private static async Task<SortedSet<string>> KidsAsync(HubInstance hub, HubInstance? host = null) => [.. (await KeysAsync(hub, host)).Select(key => key["kid"]!.GetValue<string>())];

    private static async Task<List<JsonObject>> KeysAsync(HubInstance hub, HubInstance? host = null)
    {
        using var client = hub.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect/jwks");
        request.Headers.Host = (host ?? hub).Address.Authority;
        return [.. (await Flow.ReadAsync(await client.SendAsync(request)))["keys"]!.AsArray().Select(key => key!.AsObject())];
    }
}
