using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using CodeZero.Hub.Platform.Tests.Probe;
using CodeZero.Testing;
using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Hub.Platform.Tests;

public sealed class AccessTokenTests(ProbeFixture probe) : IClassFixture<ProbeFixture>
{
    private static readonly Uri Me = new("/probe/me", UriKind.Relative);

    public static TheoryData<string, Action<SecurityTokenDescriptor, TestIssuer>> WrongTokens => new()
    {
        { "I14 expired", (token, _) => Age(token, TimeSpan.FromMinutes(11)) },
        { "I17 not valid yet", (token, _) => Age(token, TimeSpan.FromMinutes(-5)) },
        { "I17 without exp", (token, _) => token.Expires = null },
        { "I16 an ID token", (token, _) => token.TokenType = "JWT" },
        { "I16 no typ", (token, _) => token.TokenType = null },
        { "I17 another issuer", (token, _) => token.Issuer = "https://evil.example" },
        { "I17 another API", (token, issuer) => token.Audience = issuer.Issuer + "/other" },
        { "I17 an agent's", (token, issuer) => token.Audience = issuer.Issuer + "/agent" },
        { "I17 alg none", (token, _) => token.SigningCredentials = null },
        { "I17 another key under the known kid", (token, _) => token.SigningCredentials = Es256(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "k1" }) },
        { "I17 an unknown kid", (token, _) => token.SigningCredentials = Es256(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "k9" }) },
        { "I17 HS256 with the public key", (token, issuer) => token.SigningCredentials = new(
            new SymmetricSecurityKey(((ECDsaSecurityKey)issuer.Key).ECDsa.ExportSubjectPublicKeyInfo()) { KeyId = "k1" }, SecurityAlgorithms.HmacSha256) },
        { "I18 bound, sent as Bearer", (token, _) => token.Claims["cnf"] = new Dictionary<string, object> { ["jkt"] = "abc" } },
    };

    [Fact]
    public async Task A_right_token_is_accepted()
    {
        var person = Guid.CreateVersion7();
        using var client = probe.CreateClient(person);

        Assert.Equal(person.ToString(), await client.GetStringAsync(Me));
    }

    [Theory]
    [MemberData(nameof(WrongTokens))]
    public async Task A_wrong_token_gets_401_with_its_error(string wrong, Action<SecurityTokenDescriptor, TestIssuer> make)
    {
        using var client = probe.Hub.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", probe.Issuer.Issue(Guid.CreateVersion7(), token => make(token, probe.Issuer)));

        var answer = await client.GetAsync(Me);

        Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{wrong}: {answer.StatusCode}");
        Assert.Contains("error=\"invalid_token\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.Equal("unauthorized.invalid_token", await answer.CodeAsync());
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer not-a-token")]
    [InlineData("Bearer a.b.c")]
    [InlineData("Bearer eyJhbGciOiJFUzI1NiIsInR5cCI6Ilx1ZDgwMCJ9.eyJzdWIiOiJcdWQ4MDAifQ.AAAA")] // {"typ":"\ud800"}: half of a character
    [InlineData("Basic YTpi")]
    [InlineData("DPoP not-a-token")]
    public async Task Garbage_in_the_header_gets_401(string header)
    {
        using var client = probe.Hub.CreateClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(Me)).StatusCode);
    }

    [Fact]
    public async Task Without_a_token_the_challenge_has_no_error_code()
    {
        using var client = probe.Hub.CreateClient();

        var answer = await client.GetAsync(Me);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.DoesNotContain("error", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.Equal("unauthorized", await answer.CodeAsync());
    }

    [Fact]
    public async Task A_token_in_the_query_is_none()
    {
        using var client = probe.Hub.CreateClient();

        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(new Uri($"/probe/me?access_token={probe.Issuer.Issue(Guid.CreateVersion7())}", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task A_bound_token_works_with_a_proof_of_its_key()
    {
        using var key = new DpopKey();
        var person = Guid.CreateVersion7();

        var answer = await SendAsync(key, probe.Issuer.Issue(person, boundTo: key.Thumbprint));

        Assert.Equal(person.ToString(), await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("sha256:0a")]
    [InlineData("sha256%3A0a")]
    public async Task A_proof_is_for_the_address_as_the_client_wrote_it(string name)
    {
        using var key = new DpopKey();
        var token = probe.Issuer.Issue(Guid.CreateVersion7(), boundTo: key.Thumbprint);
        var address = new Uri(probe.Hub.Address, $"/probe/named/{name}");

        var answer = await SendAsync(token, key.Prove(HttpMethod.Get, address, token), probe.Hub, address);

        Assert.Equal("sha256:0a", await answer.Content.ReadAsStringAsync());
    }

    /// <summary>
    /// A request target that begins with two slashes was read as another host's address: whoever got a client to call https://evil.example could replay the
    /// proof of that call here, with the token that came along, by spelling the path so that it leads here.
    /// </summary>
    [Theory]
    [InlineData("//evil.example/../../probe/me", "http://evil.example/probe/me", "401")]
    [InlineData("//[/../../probe/me", "http://evil.example/probe/me", "401")]
    [InlineData("//evil.example/../../probe/me", "//evil.example/../../probe/me", "200")]
    public async Task J06_a_proof_for_another_host_is_refused_however_the_request_is_spelled(string target, string provedFor, string status)
    {
        using var key = new DpopKey();
        var token = probe.Issuer.Issue(Guid.CreateVersion7(), boundTo: key.Thumbprint);
        var address = provedFor.StartsWith("//", StringComparison.Ordinal) ? probe.Hub.Address.GetLeftPart(UriPartial.Authority) + provedFor : provedFor;
        var proof = key.Prove(HttpMethod.Get, new Uri(probe.Hub.Address, Me), token, (_, claims) => claims["htu"] = address);

        using var connection = new TcpClient(probe.Hub.Address.Host, probe.Hub.Address.Port);
        await using var stream = connection.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET {target} HTTP/1.1\r\nHost: {probe.Hub.Address.Authority}\r\nAuthorization: DPoP {token}\r\nDPoP: {proof}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);

        Assert.StartsWith($"HTTP/1.1 {status}", await reader.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task J08_a_proof_works_once_also_on_another_replica()
    {
        await using var replica = await probe.StartHubAsync(new Dictionary<string, string?> { ["Hub:PublicUrl"] = probe.Hub.Address.GetLeftPart(UriPartial.Authority) });
        using var key = new DpopKey();
        var token = probe.Issuer.Issue(Guid.CreateVersion7(), boundTo: key.Thumbprint);
        var proof = key.Prove(HttpMethod.Get, new Uri(probe.Hub.Address, Me), token);

        var first = await SendAsync(token, proof, probe.Hub);
        var second = await SendAsync(token, proof, replica);

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, second.StatusCode);
        Assert.Equal("unauthorized.invalid_dpop_proof", await second.CodeAsync());
    }

    [Fact]
    public async Task J08_of_50_uses_of_one_proof_at_once_one_wins()
    {
        using var key = new DpopKey();
        var token = probe.Issuer.Issue(Guid.CreateVersion7(), boundTo: key.Thumbprint);
        var proof = key.Prove(HttpMethod.Get, new Uri(probe.Hub.Address, Me), token);

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => SendAsync(token, proof, probe.Hub)));

        Assert.Equal(1, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
    }

    [Fact]
    public async Task J11_a_proof_for_another_token_is_refused()
    {
        using var key = new DpopKey();
        var (mine, other) = (probe.Issuer.Issue(Guid.CreateVersion7(), boundTo: key.Thumbprint), probe.Issuer.Issue(Guid.CreateVersion7(), boundTo: key.Thumbprint));

        var answer = await SendAsync(mine, key.Prove(HttpMethod.Get, new Uri(probe.Hub.Address, Me), other), probe.Hub);

        Assert.Equal("unauthorized.invalid_dpop_proof", await answer.CodeAsync());
        Assert.Contains("DPoP algs=\"ES256\", error=\"invalid_dpop_proof\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task J12_a_proof_by_another_key_is_refused()
    {
        using var key = new DpopKey();
        using var thief = new DpopKey();

        var answer = await SendAsync(thief, probe.Issuer.Issue(Guid.CreateVersion7(), boundTo: key.Thumbprint));

        Assert.Equal("unauthorized.invalid_token", await answer.CodeAsync());
    }

    [Fact]
    public async Task An_unbound_token_is_refused_as_DPoP()
    {
        using var key = new DpopKey();

        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(key, probe.Issuer.Issue(Guid.CreateVersion7()))).StatusCode);
    }

    [Fact]
    public async Task An_agent_needs_a_bound_token_for_agents_with_scope_organization_and_cluster()
    {
        using var key = new DpopKey();
        var (organization, cluster) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        string Token(string scope, bool bound = true, bool withCluster = true) => probe.Issuer.Issue(Guid.CreateVersion7(), token =>
        {
            token.Audience = probe.Issuer.Issuer + "/agent";
            token.Claims["scope"] = scope;
            token.Claims["org"] = organization.ToString();
            if (withCluster)
                token.Claims["cluster"] = cluster.ToString();
        }, bound ? key.Thumbprint : null);
        var agent = new Uri("/probe/agent", UriKind.Relative);

        var right = await SendAsync(key, Token("agent"), agent);

        Assert.Equal($"\"{cluster}\"", await right.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(key, Token("hub"), agent)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(key, Token("agent", withCluster: false), agent)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(key, probe.Issuer.Issue(Guid.CreateVersion7(), boundTo: key.Thumbprint), agent)).StatusCode);
        using var bearer = probe.Hub.CreateClient();
        bearer.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token("agent", bound: false));
        Assert.Equal(HttpStatusCode.Unauthorized, (await bearer.GetAsync(agent)).StatusCode);
    }

    [Fact]
    public async Task A_route_without_a_policy_is_closed_to_everybody()
    {
        using var anonymous = probe.Hub.CreateClient();
        using var person = probe.CreateClient();
        var forgotten = new Uri("/probe/forgotten", UriKind.Relative);

        Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.GetAsync(forgotten)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await person.GetAsync(forgotten)).StatusCode);
    }

    [Fact]
    public async Task When_the_issuer_cannot_be_reached_a_good_token_is_not_called_bad()
    {
        await using var hub = await probe.StartHubAsync(new Dictionary<string, string?> { ["Hub:Identity:MetadataAddress"] = "http://127.0.0.1:1/nobody" });
        using var client = probe.CreateClient(hub: hub);

        var answer = await client.GetAsync(Me);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("issuer.unavailable", await answer.CodeAsync());
    }

    private static SigningCredentials Es256(SecurityKey key) => new(key, SecurityAlgorithms.EcdsaSha256);

    private static void Age(SecurityTokenDescriptor token, TimeSpan by) =>
        (token.NotBefore, token.IssuedAt, token.Expires) = (token.NotBefore - by, token.IssuedAt - by, token.Expires - by);

    private Task<HttpResponseMessage> SendAsync(DpopKey key, string token, Uri? path = null) =>
        SendAsync(token, key.Prove(HttpMethod.Get, new Uri(probe.Hub.Address, path ?? Me), token), probe.Hub, path);

    private static async Task<HttpResponseMessage> SendAsync(string token, string proof, HubInstance hub, Uri? path = null)
    {
        using var client = hub.CreateClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("DPoP", token);
        client.DefaultRequestHeaders.Add("DPoP", proof);
        return await client.GetAsync(path ?? Me);
    }
}
