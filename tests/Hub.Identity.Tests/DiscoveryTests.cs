using System.Net;
using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>What discovery says is what the provider does, field by field; a new field fails here until it is shown to be true.</summary>
public sealed class DiscoveryTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private static readonly string[] Documents = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

    /// <summary>What a provider might do and this one does not, so that a list that is too long is found out as well as one that is too short.</summary>
    private static readonly Dictionary<string, string[]> Elsewhere = new()
    {
        ["response_types"] = ["code", "token", "id_token", "code id_token", "none"],
        ["response_modes"] = ["query", "fragment", "form_post", "jwt"],
        ["scopes"] = ["openid", "offline_access", "email", "hub", "profile", "address", "phone", "groups"],
        ["grants"] = ["authorization_code", "refresh_token", "client_credentials", "password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:openid:params:grant-type:ciba"],
        ["prompts"] = ["none", "login", "consent", "select_account", "create"],
        ["challenges"] = ["S256", "plain"],
    };

    [Fact]
    public async Task Z11_K04_Both_documents_are_the_same_and_every_field_is_true()
    {
        var (document, other) = (await ReadAsync(Documents[0]), await ReadAsync(Documents[1]));
        Assert.Equal(document.ToJsonString(), other.ToJsonString());
        var checks = Checks();

        Assert.Equal(checks.Keys.Order(), document.Select(field => field.Key).Order());
        foreach (var (field, actual) in checks)
        {
            var (said, done) = (document[field]!.ToJsonString(), (await actual()).ToJsonString());
            Assert.True(said == done, $"{field} says {said}, and in truth it is {done}");
        }
    }

    private Dictionary<string, Func<Task<JsonNode>>> Checks() => new()
    {
        ["issuer"] = async () => Jwt.Claims((await (await fixture.SignedInAsync()).TokensAsync())["id_token"]!.GetValue<string>())["iss"]!,
        ["authorization_endpoint"] = () => AnswersAsync("/connect/authorize", HttpMethod.Get, HttpStatusCode.BadRequest),
        ["token_endpoint"] = () => AnswersAsync("/connect/token", HttpMethod.Post, HttpStatusCode.BadRequest),
        ["device_authorization_endpoint"] = () => AnswersAsync("/connect/device_authorization", HttpMethod.Post, HttpStatusCode.BadRequest),
        ["pushed_authorization_request_endpoint"] = () => AnswersAsync("/connect/par", HttpMethod.Post, HttpStatusCode.BadRequest),
        ["userinfo_endpoint"] = () => AnswersAsync("/connect/userinfo", HttpMethod.Get, HttpStatusCode.Unauthorized),
        ["revocation_endpoint"] = () => AnswersAsync("/connect/revocation", HttpMethod.Post, HttpStatusCode.BadRequest),
        ["introspection_endpoint"] = () => AnswersAsync("/connect/introspection", HttpMethod.Post, HttpStatusCode.BadRequest),
        ["end_session_endpoint"] = () => AnswersAsync("/connect/endsession", HttpMethod.Get, HttpStatusCode.SeeOther),
        ["jwks_uri"] = () => AnswersAsync("/connect/jwks", HttpMethod.Get, HttpStatusCode.OK),
        ["scopes_supported"] = () => AcceptedAsync("scopes", "scope={0}", "invalid_scope"),
        ["response_types_supported"] = () => AcceptedAsync("response_types", "response_type={0}", "unsupported_response_type"),
        ["response_modes_supported"] = () => AcceptedAsync("response_modes", "response_mode={0}", "invalid_request"),
        ["prompt_values_supported"] = () => AcceptedAsync("prompts", "prompt={0}", "invalid_request"),
        ["code_challenge_methods_supported"] = () => AcceptedAsync("challenges", "code_challenge_method={0}", "invalid_request"),
        ["grant_types_supported"] = GrantsAsync,
        ["token_endpoint_auth_methods_supported"] = () => MethodsAsync("/connect/token"),
        ["revocation_endpoint_auth_methods_supported"] = () => MethodsAsync("/connect/revocation"),
        ["introspection_endpoint_auth_methods_supported"] = () => MethodsAsync("/connect/introspection"),
        ["token_endpoint_auth_signing_alg_values_supported"] = () => AlgorithmsAsync("/connect/token"),
        ["revocation_endpoint_auth_signing_alg_values_supported"] = () => AlgorithmsAsync("/connect/revocation"),
        ["introspection_endpoint_auth_signing_alg_values_supported"] = () => AlgorithmsAsync("/connect/introspection"),
        ["dpop_signing_alg_values_supported"] = ProofAlgorithmsAsync,
        ["id_token_signing_alg_values_supported"] = async () => new JsonArray(
            Jwt.Header((await (await fixture.SignedInAsync()).TokensAsync())["id_token"]!.GetValue<string>())["alg"]!.DeepClone(),
            Jwt.Header((await (await fixture.SignedInAsync("es")).TokensAsync())["id_token"]!.GetValue<string>())["alg"]!.DeepClone()),
        ["subject_types_supported"] = async () => await SubjectAsync("spa") == await SubjectAsync("web") ? new JsonArray("public") : new JsonArray("pairwise"),
        ["claims_supported"] = ClaimsAsync,
        ["authorization_response_iss_parameter_supported"] = async () => (await (await fixture.SignedInAsync()).AnswerAsync()).ContainsKey("iss"),
        ["require_pushed_authorization_requests"] = async () => !(await (await fixture.SignedInAsync()).AnswerAsync()).ContainsKey("code"),
        ["claims_parameter_supported"] = async () => Jwt.Claims((await (await fixture.SignedInAsync()).TokensAsync("""claims={"id_token":{"email":{"essential":true}}}"""))["id_token"]!.GetValue<string>()).ContainsKey("email"),
        ["request_parameter_supported"] = async () => await ErrorAsync("request=e30.e30.") != "request_not_supported",
        ["request_uri_parameter_supported"] = async () => await ErrorAsync("request_uri=https://spa.example/request") != "request_uri_not_supported",
    };

    private async Task<JsonObject> ReadAsync(string path)
    {
        using var client = fixture.Hub.CreateClient();
        return await Flow.ReadAsync(await client.GetAsync(path));
    }

    /// <summary>The address, if something answers there as that endpoint does.</summary>
    private async Task<JsonNode> AnswersAsync(string path, HttpMethod method, HttpStatusCode status)
    {
        using var client = fixture.Hub.CreateClient();
        using var request = new HttpRequestMessage(method, path);
        Assert.Equal(status, (await client.SendAsync(request)).StatusCode);
        return fixture.Issuer + path;
    }

    /// <summary>The error that an authorization request with this change comes back with; null for none.</summary>
    private async Task<string?> ErrorAsync(string change)
    {
        var response = await (await fixture.SignedInAsync()).AuthorizeAsync(change);
        return Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(response.Headers.Location!.OriginalString.Split('?', 2)[1]).TryGetValue("error", out var error) ? error.ToString() : null;
    }

    private async Task<JsonNode> AcceptedAsync(string what, string change, string refusal)
    {
        var accepted = new JsonArray();
        foreach (var value in Elsewhere[what])
            if (await ErrorAsync(string.Format(null, change, value)) is not { } error)
                accepted.Add(value);
            else
                Assert.Equal(refusal, error);
        return accepted;
    }

    private async Task<JsonNode> GrantsAsync()
    {
        var served = new JsonArray();
        foreach (var grant in Elsewhere["grants"])
        {
            var response = await Flow.SignedOut(fixture).TokenAsync([("grant_type", grant), ("client_id", "spa")]);
            if (JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!.GetValue<string>() != "unsupported_grant_type")
                served.Add(grant);
        }
        return served;
    }

    private async Task<JsonNode> MethodsAsync(string path)
    {
        var methods = new JsonArray();
        foreach (var (method, client) in new[] { ("none", "spa"), ("client_secret_basic", "webs"), ("private_key_jwt", "web") })
        {
            var flow = Flow.SignedOut(fixture, client);
            if (await IsAuthenticatedAsync(path, flow.Authentication(), flow.Basic))
                methods.Add(method);
        }
        Assert.False(await IsAuthenticatedAsync(path, [("client_id", "webs"), ("client_secret", IdentityFixture.Secret)], null), "client_secret_post");
        return methods;
    }

    private async Task<JsonNode> AlgorithmsAsync(string path)
    {
        var algorithms = new JsonArray();
        foreach (var (algorithm, client) in new[] { ("ES256", "web"), ("PS256", "webps"), ("RS256", "webrs") })
            if (await IsAuthenticatedAsync(path, Flow.SignedOut(fixture, client).Authentication(), null))
                algorithms.Add(algorithm);
        return algorithms;
    }

    private async Task<bool> IsAuthenticatedAsync(string path, (string, string)[] authentication, string? authorization)
    {
        var response = await Flow.SignedOut(fixture).PostAsync(path, [("grant_type", "refresh_token"), ("refresh_token", "x"), ("token", "x"), .. authentication], authorization);
        return response.StatusCode != HttpStatusCode.Unauthorized;
    }

    private async Task<JsonNode> ProofAlgorithmsAsync()
    {
        using var key = new DpopKey();
        var flow = (await fixture.SignedInAsync()).As("dpop", key);
        var algorithms = new JsonArray();
        foreach (var algorithm in new[] { "ES256", "ES384", "RS256", "PS256", "EdDSA" })
        {
            var response = await flow.TokenAsync([("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "dpop")], flow.Prove((header, _) => header["alg"] = algorithm));
            if (JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!.GetValue<string>() != "invalid_dpop_proof")
                algorithms.Add(algorithm);
        }
        return algorithms;
    }

    private async Task<string> SubjectAsync(string client) => Jwt.Claims((await (await fixture.SignedInAsync(client)).TokensAsync())["id_token"]!.GetValue<string>())["sub"]!.GetValue<string>();

    private async Task<JsonNode> ClaimsAsync()
    {
        var person = await fixture.SignedInAsync();
        var own = await fixture.QueryAsync<string>("select organization_id::text from identity.memberships where user_id = $1", person.UserId);
        var tokens = await person.TokensAsync("scope=openid email hub offline_access", $"organization={own}");
        using var client = fixture.Hub.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", tokens["access_token"]!.GetValue<string>());
        var userInfo = await Flow.ReadAsync(await client.GetAsync("/connect/userinfo"));
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        var forCluster = await Flow.ReadAsync(await (await OwnedCluster.CreateAsync(fixture, owner)).AskAsync(owner));
        var claims = new[] { tokens["id_token"]!, forCluster["access_token"]! }.SelectMany(token => Jwt.Claims(token.GetValue<string>())).Concat(userInfo).Select(claim => claim.Key).Distinct();
        return new JsonArray([.. claims.Order(StringComparer.Ordinal).Select(claim => JsonValue.Create(claim))]);
    }
}
