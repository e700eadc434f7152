using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Tests;

/// <summary>What the agent sends to the token endpoint and with each request, as another party reads it.</summary>
public sealed class TokenRequestTests
{
    private readonly EcPrivateKey _key = EcPrivateKey.Generate();

    [Fact]
    public void A_client_assertion_says_who_for_whom_and_for_60_seconds()
    {
        var (header, claims) = Read(ClientAssertion.Create(_key, "agent-1", "https://hub.example.com", Sample.Now));
        Assert.Equal(["alg", "kid", "typ"], Names(header));
        Assert.Equal("ES256", (string?)header["alg"]);
        Assert.Equal(_key.PublicKey.Thumbprint, (string?)header["kid"]);
        Assert.Equal(["aud", "exp", "iat", "iss", "jti", "sub"], Names(claims));
        Assert.Equal(("agent-1", "agent-1"), ((string?)claims["iss"], (string?)claims["sub"]));
        Assert.Equal(JsonValueKind.String, claims["aud"]!.GetValueKind());
        Assert.Equal("https://hub.example.com", (string?)claims["aud"]);
        Assert.Equal(60, (long)claims["exp"]! - (long)claims["iat"]!);
        Assert.Equal(Sample.Now.ToUnixTimeSeconds(), (long)claims["iat"]!);
    }

    [Fact]
    public void A_DPoP_proof_binds_method_address_and_token()
    {
        var (header, claims) = Read(DpopProof.Create(_key, "GET", new("https://hub.example.com:8443/agent/v1/state?wait=50#x"), Sample.Now, "token", "n-1"));
        Assert.Equal("dpop+jwt", (string?)header["typ"]);
        Assert.Equal(["crv", "kty", "x", "y"], Names(header["jwk"]!.AsObject()));
        Assert.Equal(_key.PublicKey, EcPublicKey.Parse(header["jwk"]!.ToJsonString()).Value);
        Assert.Equal(["ath", "htm", "htu", "iat", "jti", "nonce"], Names(claims));
        Assert.Equal(("GET", "https://hub.example.com:8443/agent/v1/state", "n-1"), ((string?)claims["htm"], (string?)claims["htu"], (string?)claims["nonce"]));
        Assert.Equal(Base64Url.EncodeToString(SHA256.HashData("token"u8)), (string?)claims["ath"]);
    }

    [Fact]
    public void Without_a_token_there_is_no_hash_and_no_empty_member()
    {
        var (_, claims) = Read(DpopProof.Create(_key, "POST", new("https://hub.example.com/connect/token"), Sample.Now));
        Assert.Equal(["htm", "htu", "iat", "jti"], Names(claims));
    }

    [Fact]
    public void The_access_token_hash_matches_RFC_9449_section_7_1()
    {
        var (_, claims) = Read(DpopProof.Create(_key, "GET", new("https://resource.example.org/protectedresource"), Sample.Now, "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"));
        Assert.Equal("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", (string?)claims["ath"]);
    }

    [Fact]
    public void No_id_is_used_twice()
    {
        var ids = Enumerable.Range(0, 100).Select(_ => (string?)Read(ClientAssertion.Create(_key, "a", "https://h", Sample.Now)).Claims["jti"]).ToHashSet();
        Assert.Equal(100, ids.Count);
    }

    private (JsonObject Header, JsonObject Claims) Read(string jws)
    {
        var parts = jws.Split('.');
        Assert.Equal(3, parts.Length);
        Assert.True(_key.PublicKey.Verifies(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2])));
        return (Json(parts[0]), Json(parts[1]));
    }

    private static JsonObject Json(string part) => JsonNode.Parse(Base64Url.DecodeFromChars(part))!.AsObject();

    private static string[] Names(JsonObject json) => [.. json.Select(m => m.Key).Order(StringComparer.Ordinal)];
}
