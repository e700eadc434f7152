using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Clients that organizations register, rows O07 to O09.</summary>
public sealed class RegisteredClientTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private const string Callback = "https://app.example/cb";

    [Fact]
    public async Task A_client_with_a_key_sends_people_here_and_gets_tokens()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        using var key = new DpopKey();
        var client = await RegisterAsync(owner, WithKey(key));
        var id = client["clientId"]!.GetValue<string>();

        var person = await Flow.SignUpAsync(fixture);
        var code = await CodeAsync(person, id, "openid email offline_access");
        var tokens = await Flow.ReadAsync(await person.TokenAsync(Redeem(person, code, Assertions.Make(fixture, id, key))));

        var claims = Jwt.Claims(tokens["access_token"]!.GetValue<string>());
        Assert.Equal((id, fixture.Issuer, "openid email offline_access"), (claims["client_id"]!.GetValue<string>(), claims["aud"]!.GetValue<string>(), claims["scope"]!.GetValue<string>()));
        Assert.Contains("An app", person.Browser.Page, StringComparison.Ordinal); // its name was on the consent page
    }

    [Fact]
    public async Task A_client_with_a_secret_acts_for_itself_at_its_organizations_api()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        var resource = $"{fixture.Issuer}/orgs/{owner.OrganizationId}/orders";
        var (client, secret) = await RegisterWithSecretAsync(owner, settings => settings["resources"] = new JsonArray(resource));

        var tokens = await Flow.ReadAsync(await OwnTokenAsync(client, secret, ("scope", "orders:read")));

        var claims = Jwt.Claims(tokens["access_token"]!.GetValue<string>());
        Assert.Equal((client, resource, "orders:read"), (claims["sub"]!.GetValue<string>(), claims["aud"]!.GetValue<string>(), claims["scope"]!.GetValue<string>()));
        var told = await Flow.ReadAsync(await Flow.SignedOut(fixture).PostAsync("/connect/introspection", [("token", tokens["access_token"]!.GetValue<string>())], Flow.BasicOf(client, secret)));
        Assert.True(told["active"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A_secret_is_shown_once_and_kept_as_a_hash()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        using var created = await owner.Client.PostAsJsonAsync(Address(owner), WithSecret());
        Assert.Equal((HttpStatusCode.Created, "no-store"), (created.StatusCode, created.Headers.CacheControl?.ToString()));
        var secret = (await Flow.ReadAsync(created))["secret"]!.GetValue<string>();

        var read = await owner.Client.GetStringAsync(created.Headers.Location);
        var dump = await fixture.QueryAsync<string>("select concat((select string_agg(s::text, ' ') from identity.client_secrets s), (select string_agg(c::text, ' ') from identity.clients c), (select string_agg(a::text, ' ') from identity.audit_events a))");

        Assert.Equal(43, secret.Length);
        Assert.DoesNotContain(secret, read, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, dump, StringComparison.Ordinal);
        Assert.Single(JsonNode.Parse(read)!["secrets"]!.AsArray());
    }

    [Fact]
    public async Task A_new_secret_lets_the_old_one_work_for_a_while_or_ends_it_at_once()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        var (client, first) = await RegisterWithSecretAsync(owner);
        var address = await AddressAsync(owner, client);

        var second = await RotateAsync(overlapHours: 2);
        foreach (var secret in new[] { first, second })
            await Flow.ReadAsync(await OwnTokenAsync(client, secret));
        fixture.Clock.Advance(TimeSpan.FromHours(2.1));
        await Refusal.IsJsonAsync(await OwnTokenAsync(client, first), 401, "invalid_client");
        await Flow.ReadAsync(await OwnTokenAsync(client, second));

        await owner.RenewAsync();
        var third = await RotateAsync(overlapHours: 0);
        await Refusal.IsJsonAsync(await OwnTokenAsync(client, second), 401, "invalid_client");
        await Flow.ReadAsync(await OwnTokenAsync(client, third));
        fixture.ForgetPerson();

        async Task<string> RotateAsync(int overlapHours) => (await Flow.ReadAsync(await owner.Client.PostAsJsonAsync(address + "/secrets", new { overlapHours })))["secret"]!.GetValue<string>();
    }

    [Fact]
    public async Task C20_A_secret_expires()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        var (client, secret) = await RegisterWithSecretAsync(owner, days: 1);
        await Flow.ReadAsync(await OwnTokenAsync(client, secret));

        fixture.Clock.Advance(TimeSpan.FromDays(1.1));

        await Refusal.IsJsonAsync(await OwnTokenAsync(client, secret), 401, "invalid_client");
        fixture.ForgetPerson();
    }

    [Fact]
    public async Task A_disabled_client_can_do_nothing_until_it_is_enabled_again()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        using var key = new DpopKey();
        var id = (await RegisterAsync(owner, WithKey(key)))["clientId"]!.GetValue<string>();
        var person = await Flow.SignUpAsync(fixture);
        var tokens = await Flow.ReadAsync(await person.TokenAsync(Redeem(person, await CodeAsync(person, id, "openid offline_access"), Assertions.Make(fixture, id, key))));
        var access = tokens["access_token"]!.GetValue<string>();
        Assert.Equal(HttpStatusCode.OK, await UserInfoAsync(access));

        await ChangeAsync(owner, id, settings => settings["enabled"] = false);
        Assert.Equal(HttpStatusCode.Unauthorized, await UserInfoAsync(access));
        await Refusal.IsJsonAsync(await RefreshAsync(person, id, key, tokens), 401, "invalid_client");
        await Refusal.IsPageAsync(await person.Browser.GetAsync(Authorize(person, id, "openid")));

        await ChangeAsync(owner, id, settings => settings["enabled"] = true);
        await Flow.ReadAsync(await RefreshAsync(person, id, key, tokens));
    }

    [Fact]
    public async Task Deleting_a_client_ends_all_that_people_allowed_it()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        using var key = new DpopKey();
        var id = (await RegisterAsync(owner, WithKey(key)))["clientId"]!.GetValue<string>();
        var person = await Flow.SignUpAsync(fixture);
        var tokens = await Flow.ReadAsync(await person.TokenAsync(Redeem(person, await CodeAsync(person, id, "openid offline_access"), Assertions.Make(fixture, id, key))));

        using var deleted = await owner.Client.DeleteAsync(await AddressAsync(owner, id));

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await UserInfoAsync(tokens["access_token"]!.GetValue<string>()));
        await Refusal.IsJsonAsync(await RefreshAsync(person, id, key, tokens), 401, "invalid_client");
        Assert.True(await fixture.QueryAsync<bool>("select bool_and(revoked_at is not null) from identity.grants where client_id = $1", id));
        Assert.Equal(0L, await fixture.QueryAsync<long>("select count(*) from identity.consents where client_id = $1", id));
    }

    [Fact]
    public async Task A_scope_taken_from_a_client_ends_what_was_granted_with_it()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        using var key = new DpopKey();
        var id = (await RegisterAsync(owner, WithKey(key)))["clientId"]!.GetValue<string>();
        var person = await Flow.SignUpAsync(fixture);
        var tokens = await Flow.ReadAsync(await person.TokenAsync(Redeem(person, await CodeAsync(person, id, "openid email offline_access"), Assertions.Make(fixture, id, key))));

        await ChangeAsync(owner, id, settings => settings["scopes"] = new JsonArray("openid", "offline_access"));

        await Refusal.IsJsonAsync(await RefreshAsync(person, id, key, tokens), 400, "invalid_grant");
    }

    public static TheoryData<string, string, Action<JsonObject>> WrongSettings => new()
    {
        { "O07 a fragment", "redirectUris", settings => settings["redirectUris"] = new JsonArray("https://app.example/cb#f") },
        { "O07 javascript", "redirectUris", settings => settings["redirectUris"] = new JsonArray("javascript:alert(1)") },
        { "O07 http", "redirectUris", settings => settings["redirectUris"] = new JsonArray("http://app.example/cb") },
        { "O07 a user", "redirectUris", settings => settings["redirectUris"] = new JsonArray("https://u@app.example/cb") },
        { "O07 iss", "redirectUris", settings => settings["redirectUris"] = new JsonArray("https://app.example/cb?iss=x") },
        { "O07 relative", "redirectUris", settings => settings["redirectUris"] = new JsonArray("/cb") },
        { "O07 too long", "redirectUris", settings => settings["redirectUris"] = new JsonArray("https://app.example/" + new string('a', 500)) },
        { "O07 none for codes", "redirectUris", settings => settings["redirectUris"] = new JsonArray() },
        { "O07 one without codes", "redirectUris", settings => settings["grants"] = new JsonArray("client_credentials") },
        { "O07 after signing out", "postLogoutRedirectUris", settings => settings["postLogoutRedirectUris"] = new JsonArray("javascript:alert(1)") },
        { "O07 grant", "grants", settings => settings["grants"] = new JsonArray("authorization_code", "password") },
        { "O07 refresh alone", "grants", settings => settings["grants"] = new JsonArray("refresh_token") },
        { "O07 public for itself", "grants", settings => { settings["authenticationMethod"] = "none"; settings.Remove("keys"); settings["grants"] = new JsonArray("authorization_code", "client_credentials"); } },
        { "O07 method", "authenticationMethod", settings => settings["authenticationMethod"] = "client_secret_post" },
        { "O07 algorithm", "assertionAlgorithm", settings => settings["assertionAlgorithm"] = "HS256" },
        { "O07 id token algorithm", "idTokenAlgorithm", settings => settings["idTokenAlgorithm"] = "none" },
        { "O07 no keys", "keys", settings => settings.Remove("keys") },
        { "O07 keys null", "keys", settings => settings["keys"] = null },
        { "O07 keys of nothing", "keys", settings => settings["keys"] = new JsonObject { ["keys"] = new JsonArray() } },
        { "O07 keys no set", "keys", settings => settings["keys"] = new JsonArray(1) },
        { "O07 a private key", "keys", settings => settings["keys"]!["keys"]![0]!["d"] = "AAAA" },
        { "O07 a symmetric key", "keys", settings => settings["keys"]!["keys"]!.AsArray().Add(new JsonObject { ["kty"] = "oct", ["k"] = "AAAA" }) },
        { "O07 a point off the curve", "keys", settings => settings["keys"]!["keys"]![0]!["x"] = new string('A', 43) },
        { "O07 a key of another algorithm", "keys", settings => settings["assertionAlgorithm"] = "PS256" },
        { "O07 a kid with a NUL", "keys", settings => settings["keys"]!["keys"]![0]!["kid"] = "\0" },
        { "O07 an address with a NUL", "redirectUris", settings => settings["redirectUris"] = new JsonArray("https://app.example/\0") },
        { "O07 an address with a space", "redirectUris", settings => settings["redirectUris"] = new JsonArray("https://app.example/a b") },
        { "O07 a scope with a NUL", "scopes", settings => settings["scopes"] = new JsonArray("openid", "\0") },
        { "O07 a name with a NUL", "name", settings => settings["name"] = "\0" },
        { "O07 keys with a secret", "keys", settings => settings["authenticationMethod"] = "client_secret_basic" },
        { "O07 the Hub's scope", "scopes", settings => settings["scopes"] = new JsonArray("openid", "hub") },
        { "O07 another scope for people", "scopes", settings => settings["scopes"] = new JsonArray("openid", "orders:read") },
        { "O07 name", "name", settings => settings["name"] = "a\nb" },
        { "O07 another's resource", "resources", settings => settings["resources"] = new JsonArray("https://hub.example/orgs/00000000-0000-0000-0000-000000000000/x") },
        { "O07 the Hub's resource", "resources", settings => settings["resources"] = new JsonArray("https://hub.example/v1") },
    };

    [Theory]
    [MemberData(nameof(WrongSettings))]
    public async Task Wrong_settings_are_refused_by_their_field(string id, string field, Action<JsonObject> change)
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        using var key = new DpopKey();
        var request = WithKey(key);
        change(request["client"]!.AsObject());

        using var refused = await owner.Client.PostAsync(Address(owner), new StringContent(request.ToJsonString(), MediaTypeHeaderValue.Parse("application/json")));

        var body = await refused.Content.ReadAsStringAsync();
        Assert.True(refused.StatusCode == HttpStatusCode.BadRequest, $"{id}: {(int)refused.StatusCode} {body}");
        Assert.Contains($"client.{field}", JsonNode.Parse(body)!["errors"]!.AsObject().Select(error => error.Key));
        Assert.Equal(0L, await fixture.QueryAsync<long>("select count(*) from identity.clients where organization_id = $1", owner.OrganizationId));
    }

    [Theory]
    [InlineData("O07", "null")]
    [InlineData("O07", "[]")]
    [InlineData("O07", "{}")]
    [InlineData("O07", """{"client":null}""")]
    [InlineData("O07", """{"client":{}}""")]
    [InlineData("O07", """{"client":{"name":null}}""")]
    [InlineData("O07", """{"client":{"name":"x","redirectUris":"https://app.example/cb"}}""")]
    [InlineData("O07", """{"client":{"name":"x","redirectUris":[null],"authenticationMethod":"none"}}""")]
    [InlineData("O07", """{"client":{"name":"x","redirectUris":[["https://app.example/cb"]]}}""")]
    [InlineData("O07", """{"client":{"name":"x"},"secretDays":0}""")]
    [InlineData("O07", """{"client":{"name":"\ud800","authenticationMethod":"client_secret_basic","grants":["client_credentials"]}}""")]
    [InlineData("O07", """{"client":{"name":"x","redirectUris":["https://app.example/cb"],"keys":{"keys":[{"kty":"EC","kid":"\ud800"}]}}}""")]
    public async Task Wrong_bodies_are_refused(string id, string body)
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);

        using var refused = await owner.Client.PostAsync(Address(owner), new StringContent(body, MediaTypeHeaderValue.Parse("application/json")));

        Assert.True(refused.StatusCode == HttpStatusCode.BadRequest, $"{id}: {(int)refused.StatusCode} {await refused.Content.ReadAsStringAsync()}");
    }

    [Fact]
    public async Task O08_Only_members_with_the_right_register_and_nobody_touches_anothers_client()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        using var stranger = await TestPerson.SignUpAsync(fixture.Hub);
        using var anonymous = fixture.Hub.CreateClient();
        var (client, _) = await RegisterWithSecretAsync(owner);
        var id = (await AddressAsync(owner, client)).Split('/')[^1];

        Assert.Equal(HttpStatusCode.Unauthorized, (await anonymous.PostAsJsonAsync(Address(owner), WithSecret())).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.Client.PostAsJsonAsync(Address(owner), WithSecret())).StatusCode);
        foreach (var address in new[] { Address(owner) + "/" + id, Address(stranger) + "/" + id })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await stranger.Client.GetAsync(address)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await stranger.Client.DeleteAsync(address)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await stranger.Client.PostAsJsonAsync(address + "/secrets", new { })).StatusCode);
        }
        await fixture.ExecuteAsync("update identity.memberships set role = 'developer' where user_id = $1", owner.UserId);
        Assert.Equal(HttpStatusCode.Forbidden, (await owner.Client.PostAsJsonAsync(Address(owner), WithSecret())).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await owner.Client.GetAsync(Address(owner) + "/" + id)).StatusCode);
    }

    [Fact]
    public async Task O09_No_address_that_a_client_gives_is_ever_fetched()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/x";
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        using var key = new DpopKey();
        var request = WithKey(key);
        foreach (var name in new[] { "jwksUri", "jwks_uri", "logoUri", "logo_uri", "sectorIdentifierUri", "sector_identifier_uri", "requestUris", "initiateLoginUri", "backchannelLogoutUri" })
            request["client"]![name] = url;
        request["client"]!["keys"]!["keys"]![0]!["x5u"] = url;
        request["client"]!["keys"]!["keys"]![0]!["note"] = "what is not known is not kept: \0";

        var client = await RegisterAsync(owner, request);
        var id = client["clientId"]!.GetValue<string>();
        Assert.DoesNotContain("127.0.0.1", client.ToJsonString(), StringComparison.Ordinal);
        var person = await Flow.SignUpAsync(fixture);
        await Flow.ReadAsync(await person.TokenAsync(Redeem(person, await CodeAsync(person, id, "openid"), Assertions.Make(fixture, id, key, (header, _) => header["jku"] = url))));

        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task A_change_needs_the_client_as_it_is()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        var (client, _) = await RegisterWithSecretAsync(owner);
        var address = await AddressAsync(owner, client);
        var settings = WithSecret()["client"]!;

        Assert.Equal(HttpStatusCode.PreconditionRequired, (await owner.Client.PutAsJsonAsync(address, settings)).StatusCode);
        using var stale = new HttpRequestMessage(HttpMethod.Put, address) { Content = JsonContent.Create(settings), Headers = { IfMatch = { new("\"1\"") } } };
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await owner.Client.SendAsync(stale)).StatusCode);
    }

    [Fact]
    public async Task Clients_are_listed_page_by_page_and_limited_in_number()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        for (var i = 0; i < 3; i++)
            await RegisterWithSecretAsync(owner);

        var first = await Flow.ReadAsync(await owner.Client.GetAsync(Address(owner) + "?limit=2"));
        var second = await Flow.ReadAsync(await owner.Client.GetAsync($"{Address(owner)}?limit=2&cursor={first["next"]}"));
        Assert.Equal((2, 1), (first["items"]!.AsArray().Count, second["items"]!.AsArray().Count));

        await fixture.ExecuteAsync("""
            insert into identity.clients (organization_id, id, name, enabled, authentication_method, assertion_algorithm, id_token_algorithm, redirect_uris, post_logout_redirect_uris, scopes, grants, resources, require_dpop, require_par, created_at, created_by)
            select $1, gen_random_uuid(), 'x', true, 'none', 'ES256', 'RS256', '{}', '{}', '{}', '{}', '{}', false, false, now(), $1 from generate_series(4, 100)
            """, owner.OrganizationId);
        Assert.Equal(HttpStatusCode.Conflict, (await owner.Client.PostAsJsonAsync(Address(owner), WithSecret())).StatusCode);
    }

    [Fact]
    public async Task The_end_of_an_organization_is_the_end_of_its_clients()
    {
        using var owner = await TestPerson.SignUpAsync(fixture.Hub);
        var (client, secret) = await RegisterWithSecretAsync(owner);
        await Flow.ReadAsync(await OwnTokenAsync(client, secret));

        await fixture.ExecuteAsync("delete from identity.directory where id = $1", owner.OrganizationId);

        await Refusal.IsJsonAsync(await OwnTokenAsync(client, secret), 401, "invalid_client");
    }

    [Theory]
    [InlineData("client.00000000000000000000000000000000.00000000000000000000000000000000")]
    [InlineData("client.0000000000000000000000000000000A.00000000000000000000000000000000")]
    [InlineData("client..")]
    [InlineData("client.%00")]
    public async Task C02_Identifiers_like_those_of_clients_that_are_none_are_unknown(string id) => await Refusal.IsJsonAsync(await OwnTokenAsync(id, "secret"), 401, "invalid_client");

    private static string Address(TestPerson owner) => $"/v1/orgs/{owner.Slug}/clients";

    private static async Task<string> AddressAsync(TestPerson owner, string clientId)
    {
        var list = await Flow.ReadAsync(await owner.Client.GetAsync(Address(owner)));
        return $"{Address(owner)}/{list["items"]!.AsArray().Single(item => item!["clientId"]!.GetValue<string>() == clientId)!["id"]}";
    }

    private static JsonObject WithKey(DpopKey key) => new()
    {
        ["client"] = new JsonObject
        {
            ["name"] = "An app",
            ["redirectUris"] = new JsonArray(Callback),
            ["scopes"] = new JsonArray("openid", "email", "offline_access"),
            ["keys"] = new JsonObject { ["keys"] = new JsonArray(key.Jwk) },
        },
    };

    private static JsonObject WithSecret() => new()
    {
        ["client"] = new JsonObject { ["name"] = "A service", ["authenticationMethod"] = "client_secret_basic", ["grants"] = new JsonArray("client_credentials"), ["scopes"] = new JsonArray("orders:read") },
    };

    private static async Task<JsonObject> RegisterAsync(TestPerson owner, JsonObject request) =>
        (await Flow.ReadAsync(await owner.Client.PostAsJsonAsync(Address(owner), request)))["client"]!.AsObject();

    private static async Task<(string ClientId, string Secret)> RegisterWithSecretAsync(TestPerson owner, Action<JsonObject>? change = null, int? days = null)
    {
        var request = WithSecret();
        request["secretDays"] = days;
        change?.Invoke(request["client"]!.AsObject());
        var answer = await Flow.ReadAsync(await owner.Client.PostAsJsonAsync(Address(owner), request));
        return (answer["client"]!["clientId"]!.GetValue<string>(), answer["secret"]!.GetValue<string>());
    }

    private static async Task ChangeAsync(TestPerson owner, string clientId, Action<JsonObject> change)
    {
        var address = await AddressAsync(owner, clientId);
        using var now = await owner.Client.GetAsync(address);
        var settings = await Flow.ReadAsync(now);
        change(settings);
        using var request = new HttpRequestMessage(HttpMethod.Put, address) { Content = JsonContent.Create(settings), Headers = { IfMatch = { now.Headers.ETag! } } };
        await Flow.ReadAsync(await owner.Client.SendAsync(request));
    }

    private static string Authorize(Flow person, string clientId, string scope) => person.AuthorizeAddress($"client_id={clientId}", $"redirect_uri={Callback}", $"scope={scope}");

    private static async Task<string> CodeAsync(Flow person, string clientId, string scope) => (await person.FollowAsync(await person.Browser.GetAsync(Authorize(person, clientId, scope))))["code"];

    private static List<(string, string)> Redeem(Flow person, string code, string assertion) =>
    [
        ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", Callback), ("code_verifier", person.Verifier), ("client_assertion_type", Assertions.Type), ("client_assertion", assertion),
    ];

    private Task<HttpResponseMessage> RefreshAsync(Flow person, string clientId, DpopKey key, JsonObject tokens) => person.TokenAsync(
    [
        ("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"]!.GetValue<string>()), ("client_assertion_type", Assertions.Type), ("client_assertion", Assertions.Make(fixture, clientId, key)),
    ]);

    private Task<HttpResponseMessage> OwnTokenAsync(string clientId, string secret, params (string, string)[] more) =>
        Flow.SignedOut(fixture).PostAsync("/connect/token", [("grant_type", "client_credentials"), .. more], Flow.BasicOf(clientId, secret));

    private async Task<HttpStatusCode> UserInfoAsync(string token)
    {
        using var client = fixture.Hub.CreateClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return (await client.GetAsync("/connect/userinfo")).StatusCode;
    }
}
