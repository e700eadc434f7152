using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Service accounts of clusters that act as a client of an organization, rows M07 to M09.</summary>
[Collection(TokenExchange.Name)]
public sealed class WorkloadTests(TokenExchangeFixture fixture) : IAsyncLifetime
{
    private TestPerson _owner = null!;
    private Workload _workload = null!;

    private string Orders => Workload.ResourceOf(fixture, _owner);

    public async Task InitializeAsync() => (_owner, _workload) = (await fixture.OwnerAsync(), await fixture.WorkloadAsync());

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_service_account_gets_an_access_token_of_the_clients_own_without_any_secret()
    {
        var answer = await Flow.ReadAsync(await AskAsync(Token()));

        Assert.Equal(["access_token", "expires_in", "issued_token_type", "scope", "token_type"], answer.Select(member => member.Key).Order());
        Assert.Equal(("Bearer", 600, "orders:read", TokenExchange.AccessToken),
            (answer["token_type"]!.GetValue<string>(), answer["expires_in"]!.GetValue<int>(), answer["scope"]!.GetValue<string>(), answer["issued_token_type"]!.GetValue<string>()));
        var claims = Jwt.Claims(answer["access_token"]!.GetValue<string>());
        Assert.Equal((_workload.Client, _workload.Client, Orders), (claims["sub"]!.GetValue<string>(), claims["client_id"]!.GetValue<string>(), claims["aud"]!.GetValue<string>()));
        Assert.False(claims.ContainsKey("email") || claims.ContainsKey("groups") || claims.ContainsKey("act"));
    }

    [Fact]
    public async Task The_file_is_read_many_times_and_its_token_is_good_each_time()
    {
        var token = Token();

        await Flow.ReadAsync(await AskAsync(token));
        await Flow.ReadAsync(await AskAsync(token));
    }

    [Fact]
    public async Task With_a_proof_the_token_is_bound_to_its_key_and_RS256_and_a_client_without_any_authentication_will_do()
    {
        using var key = new DpopKey();
        var workload = await Workload.CreateAsync(fixture, _owner, "none");
        await workload.ChangeAsync(settings => settings["keys"]!["keys"]!.AsArray().Add(RsaKey.Jwk));

        var answer = await Flow.ReadAsync(await Flow.SignedOut(fixture).As("czctl", key).TokenAsync(Form(RsaKey.Sign(new() { ["alg"] = "RS256" }, Claims()), workload)));

        Assert.Equal(("DPoP", key.Thumbprint), (answer["token_type"]!.GetValue<string>(), Jwt.Claims(answer["access_token"]!.GetValue<string>())["cnf"]!["jkt"]!.GetValue<string>()));
    }

    public static TheoryData<string, Action<JsonObject, JsonObject>> WrongTokens => new()
    {
        { "M09 not for the Hub", (_, claims) => claims["aud"] = new JsonArray("https://kubernetes.default.svc") },
        { "M09 for others too", (_, claims) => claims["aud"]!.AsArray().Add("https://kubernetes.default.svc") },
        { "M09 for nobody", (_, claims) => claims.Remove("aud") },
        { "M09 for the Hub's API", (_, claims) => claims["aud"] = claims["aud"]![0]!.GetValue<string>() + "/v1" },
        { "M09 another issuer with the same subject", (_, claims) => claims["iss"] = "https://other-cluster.example" },
        { "M09 the issuer with a slash", (_, claims) => claims["iss"] = Workload.Issuer + "/" },
        { "M09 another namespace", (_, claims) => claims["sub"] = "system:serviceaccount:other:orders" },
        { "M09 another account", (_, claims) => claims["sub"] = "system:serviceaccount:shop:orders2" },
        { "M09 a subject with a NUL", (_, claims) => claims["sub"] = "system:serviceaccount:shop:orders\0" },
        { "M09 no subject", (_, claims) => claims.Remove("sub") },
        { "M07 expired", (_, claims) => Move(claims, -3611) },
        { "M07 not issued yet", (_, claims) => Move(claims, 60) },
        { "M07 not valid yet", (_, claims) => claims["nbf"] = claims["iat"]!.GetValue<long>() + 60 },
        { "M07 an odd beginning", (_, claims) => claims["nbf"] = "now" },
        { "M07 too long", (_, claims) => claims["exp"] = claims["exp"]!.GetValue<long>() + 1 },
        { "M07 ends before it begins", (_, claims) => claims["exp"] = claims["iat"]!.GetValue<long>() - 1 },
        { "M07 without end", (_, claims) => claims.Remove("exp") },
        { "M07 without beginning", (_, claims) => claims.Remove("iat") },
        { "M07 another kind", (header, _) => header["typ"] = "at+jwt" },
        { "M07 alg none", (header, _) => header["alg"] = "none" },
        { "M07 HS256", (header, _) => header["alg"] = "HS256" },
        { "M07 PS256", (header, _) => header["alg"] = "PS256" },
        { "M07 RS256 by a P-256 key", (header, _) => header["alg"] = "RS256" },
        { "M07 an unknown kid", (header, _) => header["kid"] = "other" },
        { "M07 a kid of another kind", (header, _) => header["kid"] = 7 },
        { "M07 crit", (header, _) => header["crit"] = new JsonArray("exp") },
    };

    [Theory]
    [MemberData(nameof(WrongTokens))]
    public async Task Wrong_tokens_get_nothing(string id, Action<JsonObject, JsonObject> change)
    {
        var (header, claims) = (Header(), Claims());
        change(header, claims);

        await Refusal.IsJsonAsync(await AskAsync(_workload.Key.Sign(header, claims)), 400, "invalid_request");
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task M09_Another_cluster_of_the_same_issuer_and_subject_is_another_by_its_key()
    {
        using var other = new DpopKey();
        var header = Header();
        header["jwk"] = other.Jwk;
        foreach (var token in new[] { Token(other), other.Sign(Header(), Claims()), other.Sign(header, Claims()) })
            await Refusal.IsJsonAsync(await AskAsync(token), 400, "invalid_request");

        // Registered for another client, it opens that one and not this one.
        var second = await Workload.CreateAsync(fixture, _owner, key: other);
        await Refusal.IsJsonAsync(await AskAsync(Token(other)), 400, "invalid_request");
        await Refusal.IsJsonAsync(await AskAsync(Token(), $"client_id={second.Client}"), 400, "invalid_request");
        await Flow.ReadAsync(await AskAsync(Token(other), $"client_id={second.Client}"));
    }

    public static TheoryData<string, string, string[]> WrongRequests => new()
    {
        { "M07 no token", "invalid_request", ["-subject_token"] },
        { "M07 garbage", "invalid_request", ["subject_token=a.b.c"] },
        { "M07 called an ID token", "invalid_client", [$"subject_token_type={TokenExchange.IdToken}"] },
        { "M07 called an access token", "invalid_client", [$"subject_token_type={TokenExchange.AccessToken}"] },
        { "M07 an ID token is asked for", "invalid_request", [$"requested_token_type={TokenExchange.IdToken}"] },
        { "M08 somebody acts", "invalid_request", ["actor_token=x", $"actor_token_type={TokenExchange.JwtType}"] },
        { "M08 another's resource", "invalid_target", ["resource=https://api.hub.example"] },
        { "M08 the Hub's API", "invalid_target", ["resource=https://hub.example/v1"] },
        { "M08 an audience", "invalid_target", ["audience=https://api.hub.example"] },
        { "M08 more scope", "invalid_scope", ["scope=orders:write"] },
        { "M08 a scope for people", "invalid_scope", ["scope=openid"] },
        { "M08 the Hub's scope", "invalid_scope", ["scope=hub"] },
        { "M08 a client without the grant", "unauthorized_client", ["client_id=spa"] },
        { "M08 a confidential client without the grant", "invalid_client", ["client_id=web"] },
        { "M08 nobody", "invalid_client", ["client_id=client.00000000000000000000000000000000.00000000000000000000000000000000"] },
        { "M08 the command line", "invalid_dpop_proof", ["client_id=czctl"] },
    };

    [Theory]
    [MemberData(nameof(WrongRequests))]
    public async Task Wrong_requests_get_nothing(string id, string error, string[] changes)
    {
        await Refusal.IsJsonAsync(await AskAsync(Token(), changes), error == "invalid_client" ? 401 : 400, error);
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task M09_A_workload_that_was_given_other_keys_or_removed_is_out_at_once()
    {
        using var next = new DpopKey();
        var workload = await Workload.CreateAsync(fixture, _owner);
        await Flow.ReadAsync(await AskAsync(Token(workload.Key), $"client_id={workload.Client}"));

        await workload.ChangeAsync(settings => settings["keys"] = new JsonObject { ["keys"] = new JsonArray(next.Jwk) });
        await Refusal.IsJsonAsync(await AskAsync(Token(workload.Key), $"client_id={workload.Client}"), 400, "invalid_request");
        await Flow.ReadAsync(await AskAsync(Token(next), $"client_id={workload.Client}"));

        await _owner.Client.DeleteAsync(workload.Address).JsonAsync(HttpStatusCode.NoContent);
        await Refusal.IsJsonAsync(await AskAsync(Token(next), $"client_id={workload.Client}"), 400, "invalid_request");
    }

    [Fact]
    public async Task The_workload_opens_nothing_else_of_its_client()
    {
        // Naming itself is enough for the exchange alone.
        await Refusal.IsJsonAsync(await AskAsync(Token(), "grant_type=client_credentials"), 401, "invalid_client");
        await Refusal.IsJsonAsync(await Flow.SignedOut(fixture).PostAsync("/connect/token", Form(Token()), Flow.BasicOf(_workload.Client, "wrong")), 401, "invalid_client");
    }

    public static TheoryData<string, Action<JsonObject>> WrongSettings => new()
    {
        { "issuer", settings => settings["issuer"] = "http://kubernetes.default.svc" },
        { "issuer", settings => settings["issuer"] = "kubernetes/serviceaccount" },
        { "issuer", settings => settings["issuer"] = "https://issuer.example/#a" },
        { "subject", settings => settings["subject"] = "system:serviceaccount:shop:*" },
        { "subject", settings => settings["subject"] = "system:serviceaccount:shop" },
        { "subject", settings => settings["subject"] = "system:serviceaccount:shop:orders\n" },
        { "subject", settings => settings["subject"] = "system:node:one" },
        { "audience", settings => settings["audience"] = "https://kubernetes.default.svc" },
        { "audience", settings => settings["audience"] = "https://hub.example/orgs/00000000-0000-0000-0000-000000000000/x" },
        { "keys", settings => settings.Remove("keys") },
        { "keys", settings => settings["keys"] = new JsonObject { ["keys"] = new JsonArray() } },
        { "keys", settings => settings["keys"] = new JsonArray() },
        { "keys", settings => settings["keys"]!["keys"]![0]!["d"] = "AAAA" },
        { "keys", settings => settings["keys"]!["keys"]![0]!["alg"] = "PS256" },
    };

    [Theory]
    [MemberData(nameof(WrongSettings))]
    public async Task Wrong_settings_are_refused_by_their_field(string field, Action<JsonObject> change)
    {
        var settings = _workload.Settings();
        change(settings);

        var refused = await _owner.Client.PostAsJsonAsync(_workload.All, settings).JsonAsync(HttpStatusCode.BadRequest);

        Assert.Contains(field, refused.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task Workloads_are_listed_changed_as_they_were_read_and_each_is_there_once()
    {
        var workload = await Workload.CreateAsync(fixture, _owner);
        var second = workload.Settings();
        (second["subject"], second["audience"]) = ("system:serviceaccount:shop:billing", Orders);
        await _owner.Client.PostAsJsonAsync(workload.All, second).JsonAsync(HttpStatusCode.Created);

        var page = await _owner.Client.GetAsync(workload.All).JsonAsync();
        Assert.Equal([(Workload.Subject, fixture.Issuer), ("system:serviceaccount:shop:billing", Orders)], page.Items().Select(item => (item.Text("subject"), item.Text("audience"))));
        Assert.Equal(Workload.Subject, (await _owner.Client.GetAsync(workload.Address).JsonAsync()).Text("subject"));
        await _owner.Client.PostAsJsonAsync(workload.All, second).RefusedAsync(HttpStatusCode.Conflict, "workload.known");
        await workload.ChangeAsync(settings => (settings["subject"], settings["audience"]) = ("system:serviceaccount:shop:billing", Orders), HttpStatusCode.Conflict);
        await _owner.Client.PutAsJsonAsync(workload.Address, workload.Settings()).RefusedAsync(HttpStatusCode.PreconditionRequired, "precondition_required");
    }

    [Fact]
    public async Task A_client_has_twenty_workloads_at_most()
    {
        var workload = await Workload.CreateAsync(fixture, _owner);
        for (var i = 2; i <= 20; i++)
            await _owner.Client.PostAsJsonAsync(workload.All, Numbered(i)).JsonAsync(HttpStatusCode.Created);

        await _owner.Client.PostAsJsonAsync(workload.All, Numbered(21)).RefusedAsync(HttpStatusCode.Conflict, "workload.too_many");

        JsonObject Numbered(int i)
        {
            var settings = workload.Settings();
            settings["subject"] = $"{Workload.Subject}-{i}";
            return settings;
        }
    }

    private string Token(DpopKey? key = null) => (key ?? _workload.Key).Sign(Header(key), Claims());

    /// <summary>As Kubernetes writes it: without typ.</summary>
    private JsonObject Header(DpopKey? key = null) => new() { ["alg"] = "ES256", ["kid"] = (key ?? _workload.Key).Thumbprint };

    private JsonObject Claims()
    {
        var now = fixture.Clock.GetUtcNow().ToUnixTimeSeconds();
        return new()
        {
            ["aud"] = new JsonArray(fixture.Issuer),
            ["iss"] = Workload.Issuer,
            ["sub"] = Workload.Subject,
            ["iat"] = now,
            ["nbf"] = now,
            ["exp"] = now + 3600,
            ["jti"] = Guid.CreateVersion7().ToString(),
            ["kubernetes.io"] = new JsonObject { ["namespace"] = "shop", ["serviceaccount"] = new JsonObject { ["name"] = "orders", ["uid"] = Guid.CreateVersion7().ToString() } },
        };
    }

    private static void Move(JsonObject claims, long seconds)
    {
        foreach (var time in new[] { "iat", "nbf", "exp" })
            claims[time] = claims[time]!.GetValue<long>() + seconds;
    }

    private IEnumerable<(string, string)> Form(string token, Workload? workload = null) => [("grant_type", TokenExchange.Grant), ("client_id", (workload ?? _workload).Client), ("subject_token", token), ("subject_token_type", TokenExchange.JwtType)];

    private Task<HttpResponseMessage> AskAsync(string token, params string[] changes) => Flow.SignedOut(fixture).TokenAsync(Flow.Change(Form(token), changes));
}
