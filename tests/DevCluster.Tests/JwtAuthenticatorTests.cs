using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Auth;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodeZero.DevCluster.Tests;

/// <summary>Tokens of other issuers, by the rules of Kubernetes: rows T02 to T06.</summary>
public sealed class JwtAuthenticatorTests : IAsyncLifetime
{
    private const string Audience = "https://issuer.example/clusters/1";
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private static readonly StubKey Key = StubKey.Rsa("first"); // one for all, because making one takes long
    private StubIssuer _issuer = null!;

    public async Task InitializeAsync()
    {
        _issuer = await StubIssuer.StartAsync();
        _issuer.Keys.Add(Key);
    }

    public async Task DisposeAsync() => await _issuer.DisposeAsync();

    [Fact]
    public async Task A_token_brings_its_name_and_groups_with_their_prefixes()
    {
        using var authenticator = Authenticator();

        var user = await authenticator.AuthenticateAsync(Key.Sign(Claims()), default);

        Assert.Equal("hub:ada@example.com", user?.Name);
        Assert.Equal(["hub:acme:member", "hub:acme:developer", "system:authenticated"], user!.Groups);
    }

    [Fact]
    public async Task ES256_counts_too_and_a_single_group_and_audience_in_a_list()
    {
        using var authenticator = Authenticator();
        using var ec = StubKey.Ec("second");
        _issuer.Keys.Add(ec);
        var claims = Claims();
        (claims["aud"], claims["groups"]) = (new JsonArray("other", Audience), "acme:owner");

        Assert.Equal(["hub:acme:owner", "system:authenticated"], (await authenticator.AuthenticateAsync(ec.Sign(claims), default))!.Groups);
    }

    public static TheoryData<string, Action<JsonObject>> WrongClaims => new()
    {
        { "T03 another audience", claims => claims["aud"] = Audience + "2" },
        { "T03 no audience", claims => claims.Remove("aud") },
        { "T03 audiences of other kinds", claims => claims["aud"] = new JsonArray(Audience, 7) },
        { "T05 an address that is not verified", claims => claims["email_verified"] = false },
        { "T05 an address that is said to be verified", claims => claims["email_verified"] = "true" },
        { "T05 no name", claims => claims.Remove("email") },
        { "T05 an empty name", claims => claims["email"] = "" },
        { "T06 expired", claims => claims["exp"] = Now.ToUnixTimeSeconds() - 1 },
        { "T06 without an end", claims => claims.Remove("exp") },
        { "T06 an end in words", claims => claims["exp"] = "tomorrow" },
        { "T06 not valid yet", claims => claims["nbf"] = Now.AddMinutes(6).ToUnixTimeSeconds() },
        { "T02 another issuer", claims => claims["iss"] = "https://elsewhere.example" },
        { "T02 the issuer with a slash", claims => claims["iss"] = claims["iss"]!.GetValue<string>() + "/" },
        { "groups of another kind", claims => claims["groups"] = new JsonObject() },
    };

    [Theory]
    [MemberData(nameof(WrongClaims))]
    public async Task Wrong_claims_are_nobody(string id, Action<JsonObject> change)
    {
        using var authenticator = Authenticator();
        var claims = Claims();
        change(claims);

        Assert.Null(await authenticator.AuthenticateAsync(Key.Sign(claims), default));
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task Forged_tokens_are_nobody()
    {
        using var authenticator = Authenticator();
        using var foreign = StubKey.Rsa("first");
        var good = Key.Sign(Claims());
        var parts = good.Split('.');
        var hmac = $"{Encode("""{"alg":"HS256","kid":"first"}""")}.{parts[1]}";
        string[] forged =
        [
            "", "a.b.c", "..", good[..^4], $"{parts[0]}.{parts[1]}.", $"{good}.{parts[2]}", good + "AAAA", foreign.Sign(Claims()), Key.Sign(Claims(), header => header["alg"] = "none"),
            Key.Sign(Claims(), header => header["alg"] = "PS256"), Key.Sign(Claims(), header => header["alg"] = 7), Key.Sign(Claims(), header => header["kid"] = "unknown"),
            Key.Sign(Claims(), header => header["crit"] = new JsonArray("exp")), $"{Encode("""{"alg":"none"}""")}.{parts[1]}.",
            $"{hmac}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key.Jwk["n"]!.GetValue<string>()), Encoding.ASCII.GetBytes(hmac)))}",
            $"{parts[0]}.{Encode("""{"iss":"a","iss":"b"}""")}.{parts[2]}", $"{parts[0]}.{Encode("""{"iss":"\ud800"}""")}.{parts[2]}", $"{parts[0]}.{Encode("[]")}.{parts[2]}",
        ];

        foreach (var token in forged)
            Assert.True(await authenticator.AuthenticateAsync(token, default) is null, token);
        Assert.NotNull(await authenticator.AuthenticateAsync(good, default));
    }

    [Fact]
    public async Task T02_An_issuer_that_calls_itself_otherwise_is_not_believed()
    {
        using var authenticator = Authenticator();
        _issuer.Name = _issuer.Url + "/";
        Assert.Null(await authenticator.AuthenticateAsync(Key.Sign(Claims()), default));

        _issuer.Name = null;
        Assert.NotNull(await authenticator.AuthenticateAsync(Key.Sign(Claims()), default));
    }

    [Fact]
    public async Task T02_An_issuer_whose_certificate_nobody_vouches_for_is_not_believed()
    {
        using var authenticator = Authenticator(issuer => issuer with { CertificateAuthority = null });

        Assert.Null(await authenticator.AuthenticateAsync(Key.Sign(Claims()), default));
        Assert.Equal(0, _issuer.Fetches);
    }

    [Fact]
    public async Task T04_Names_of_Kubernetes_own_are_refused_by_a_rule_where_there_is_no_prefix()
    {
        using var authenticator = Authenticator(issuer => issuer with { Username = new("email", ""), Groups = new("groups", "") });
        using var prefixed = Authenticator(issuer => issuer with { Rules = [] });
        var (masters, admin) = (Claims(), Claims());
        masters["groups"] = new JsonArray("acme:member", "system:masters");
        admin["email"] = "system:admin";

        Assert.NotNull(await authenticator.AuthenticateAsync(Key.Sign(Claims()), default));
        Assert.Null(await authenticator.AuthenticateAsync(Key.Sign(masters), default));
        Assert.Null(await authenticator.AuthenticateAsync(Key.Sign(admin), default));
        Assert.Equal(["hub:acme:member", "hub:system:masters", "system:authenticated"], (await prefixed.AuthenticateAsync(Key.Sign(masters), default))!.Groups);
    }

    [Fact]
    public async Task T06_A_new_key_is_fetched_when_its_first_token_comes_and_one_that_was_taken_away_counts_no_more()
    {
        using var authenticator = Authenticator();
        var before = Key.Sign(Claims());
        Assert.NotNull(await authenticator.AuthenticateAsync(before, default));
        Assert.NotNull(await authenticator.AuthenticateAsync(before, default));
        Assert.Equal(1, _issuer.Fetches);

        using var next = StubKey.Ec("second");
        _issuer.Keys.Clear();
        _issuer.Keys.Add(next);

        Assert.NotNull(await authenticator.AuthenticateAsync(next.Sign(Claims()), default));
        Assert.Null(await authenticator.AuthenticateAsync(before, default));
    }

    [Fact]
    public async Task A_claim_that_must_be_something_is_that()
    {
        using var authenticator = Authenticator(issuer => issuer with { RequiredClaims = [new("hd", "example.com")] });
        var claims = Claims();
        Assert.Null(await authenticator.AuthenticateAsync(Key.Sign(claims), default));

        claims["hd"] = "example.com";

        Assert.NotNull(await authenticator.AuthenticateAsync(Key.Sign(claims), default));
    }

    private JwtAuthenticator Authenticator(Func<JwtIssuer, JwtIssuer>? change = null)
    {
        var issuer = new JwtIssuer(_issuer.Url, null, [Audience], _issuer.CertificateAuthority, new("email", "hub:"), new("groups", "hub:"), [], [.. UserRule.Supported.Select(rule => UserRule.TryParse(rule, "no")!)]);
        return new([change?.Invoke(issuer) ?? issuer], TimeProvider.System, NullLogger<JwtAuthenticator>.Instance);
    }

    private JsonObject Claims() => new()
    {
        ["iss"] = _issuer.Url,
        ["sub"] = "1",
        ["aud"] = Audience,
        ["exp"] = Now.AddMinutes(10).ToUnixTimeSeconds(),
        ["email"] = "ada@example.com",
        ["email_verified"] = true,
        ["groups"] = new JsonArray("acme:member", "acme:developer"),
    };

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
