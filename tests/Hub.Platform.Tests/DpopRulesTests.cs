using System.Text.Json.Nodes;
using CodeZero.Hub.Platform.Security;
using CodeZero.Testing;
using Microsoft.Extensions.Primitives;

namespace CodeZero.Hub.Platform.Tests;

public sealed class DpopRulesTests : IDisposable
{
    private static readonly Uri Token = new("https://hub.example/connect/token");
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly DpopKey _key = new();

    public static TheoryData<string, Action<JsonObject, JsonObject>> WrongProofs => new()
    {
        { "J01 typ", (header, _) => header["typ"] = "JWT" },
        { "J01 no typ", (header, _) => header.Remove("typ") },
        { "J02 alg none", (header, _) => header["alg"] = "none" },
        { "J02 alg HS256", (header, _) => header["alg"] = "HS256" },
        { "J02 alg RS256", (header, _) => header["alg"] = "RS256" },
        { "J03 no jwk", (header, _) => header.Remove("jwk") },
        { "J03 jwk no object", (header, _) => header["jwk"] = "key" },
        { "J03 private member", (header, _) => header["jwk"]!["d"] = "AAAA" },
        { "J03 symmetric", (header, _) => header["jwk"] = new JsonObject { ["kty"] = "oct", ["k"] = "AAAA" } },
        { "J03 another curve", (header, _) => header["jwk"]!["crv"] = "P-384" },
        { "J03 off the curve", (header, _) => header["jwk"]!["x"] = new string('A', 43) },
        { "crit", (header, _) => header["crit"] = new JsonArray("b64") },
        { "J05 no jti", (_, claims) => claims.Remove("jti") },
        { "J05 empty jti", (_, claims) => claims["jti"] = "" },
        { "J05 endless jti", (_, claims) => claims["jti"] = new string('a', 257) },
        { "J05 no htm", (_, claims) => claims.Remove("htm") },
        { "J05 no htu", (_, claims) => claims.Remove("htu") },
        { "J05 no iat", (_, claims) => claims.Remove("iat") },
        { "J05 iat a text", (_, claims) => claims["iat"] = "now" },
        { "J05 iat no integer", (_, claims) => claims["iat"] = 1.5 },
        { "J05 iat beyond time", (_, claims) => claims["iat"] = long.MaxValue },
        { "J06 htm", (_, claims) => claims["htm"] = "GET" },
        { "J06 path", (_, claims) => claims["htu"] = "https://hub.example/connect/token2" },
        { "J06 host", (_, claims) => claims["htu"] = "https://evil.example/connect/token" },
        { "J06 scheme", (_, claims) => claims["htu"] = "http://hub.example/connect/token" },
        { "J06 port", (_, claims) => claims["htu"] = "https://hub.example:8443/connect/token" },
        { "J06 user", (_, claims) => claims["htu"] = "https://me@hub.example/connect/token" },
        { "J06 relative", (_, claims) => claims["htu"] = "/connect/token" },
        { "J06 no text", (_, claims) => claims["htu"] = new JsonArray() },
        { "J07 61 s old", (_, claims) => claims["iat"] = Now.AddSeconds(-61).ToUnixTimeSeconds() },
        { "J07 11 s ahead", (_, claims) => claims["iat"] = Now.AddSeconds(11).ToUnixTimeSeconds() },
    };

    [Theory]
    [InlineData("https://hub.example/connect/token")]
    [InlineData("https://HUB.example:443/connect/token")]
    [InlineData("https://hub.example/connect/token?x=1#y")]
    [InlineData("https://hub.example/connect/%74oken")]
    public void A_right_proof_is_accepted_whatever_the_spelling_of_its_address(string htu)
    {
        var decision = Check(_key.Prove(HttpMethod.Post, Token, change: (_, claims) => claims["htu"] = htu, at: Now));

        Assert.Equal(_key.Thumbprint, decision.Proof?.Thumbprint);
        Assert.Equal(_key.Jwk.ToJsonString(), decision.Proof?.PublicKeyJwk);
    }

    [Theory]
    [MemberData(nameof(WrongProofs))]
    public void A_wrong_proof_is_refused(string wrong, Action<JsonObject, JsonObject> change)
    {
        var decision = Check(_key.Prove(HttpMethod.Post, Token, change: change, at: Now));

        Assert.True(decision.Proof is null, wrong);
        Assert.Equal("invalid_dpop_proof", decision.Error);
    }

    [Fact]
    public void J04_signed_by_another_key()
    {
        using var thief = new DpopKey();

        Assert.Contains("not signed", Check(_key.Prove(HttpMethod.Post, Token, at: Now, signedBy: thief)).Description, StringComparison.Ordinal);
    }

    [Fact]
    public void J09_two_headers() =>
        Assert.Null(Check(new StringValues([_key.Prove(HttpMethod.Post, Token, at: Now), _key.Prove(HttpMethod.Post, Token, at: Now)])).Proof);

    [Fact]
    public void J14_no_header() => Assert.Equal("invalid_dpop_proof", Check(StringValues.Empty).Error);

    [Fact]
    public void J15_an_endless_proof_is_refused_before_it_is_read() =>
        Assert.Contains("longer", Check(new string('.', 1_000_000)).Description, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("....")]
    [InlineData("e30.e30.")]
    [InlineData("e30.e30.e30")]
    [InlineData("bnVsbA.bnVsbA.AAAA")]
    [InlineData("W10.W10.AAAA")]
    [InlineData("Ä.Ö.Ü")]
    public void Garbage_is_refused(string proof) => Assert.Null(Check(proof).Proof);

    [Fact]
    public void Repeated_members_are_refused()
    {
        var parts = _key.Prove(HttpMethod.Post, Token, at: Now).Split('.');
        var twice = System.Buffers.Text.Base64Url.EncodeToString("""{"typ":"dpop+jwt","typ":"dpop+jwt","alg":"ES256"}"""u8);

        Assert.Contains("repeated", Check($"{twice}.{parts[1]}.{parts[2]}").Description, StringComparison.Ordinal);
    }

    /// <summary>JSON may write half of a character (RFC 8259 §8.2), and reading it as text throws what is no JsonException: it was answered with 500, to anybody.</summary>
    [Theory]
    [InlineData("""{"typ":"\ud800"}""")]
    [InlineData("""{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"\udfff"}}""")]
    [InlineData("""{"\ud800":1,"\ud800":2}""")]
    public void Half_a_character_is_refused(string header)
    {
        var parts = _key.Prove(HttpMethod.Post, Token, at: Now).Split('.');

        Assert.Null(Check($"{System.Buffers.Text.Base64Url.EncodeToString(System.Text.Encoding.ASCII.GetBytes(header))}.{parts[1]}.{parts[2]}").Proof);
    }

    public void Dispose() => _key.Dispose();

    private static DpopDecision Check(StringValues header) => DpopRules.Check(header, "POST", Token, null, null, Now);
}
