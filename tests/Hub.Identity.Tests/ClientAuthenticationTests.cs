using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Who may ask at the token endpoint, rows C.</summary>
public sealed class ClientAuthenticationTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    [Theory]
    [InlineData("typ=JWT")]
    [InlineData("typ=client-authentication+jwt")]
    [InlineData("")]
    public async Task Z02_A_right_assertion_authenticates(string type)
    {
        var flow = await fixture.SignedInAsync("web");
        var assertion = Assertions.Make(fixture, "web", fixture.WebKey, (header, _) =>
        {
            header.Remove("typ");
            if (type.Length > 0)
                header["typ"] = type.Split('=')[1];
            header["kid"] = fixture.WebKey.Thumbprint;
        });

        await Flow.ReadAsync(await flow.RedeemAsync(await flow.CodeAsync(), $"client_assertion={assertion}"));
    }

    [Theory]
    [InlineData("C01", 401, "invalid_client", "-client_assertion", "-client_assertion_type")]
    [InlineData("C01", 401, "invalid_client", "-client_assertion", "-client_assertion_type", "client_id=web")]
    [InlineData("C02", 401, "invalid_client", "-client_assertion", "-client_assertion_type", "client_id=web", "client_secret=wrong")]
    [InlineData("C02", 401, "invalid_client", "-client_assertion", "-client_assertion_type", "client_id=web", "client_secret=")]
    [InlineData("C03", 400, "invalid_request", "client_secret=wrong")]
    [InlineData("C07", 401, "invalid_client", "-client_assertion", "-client_assertion_type", "client_id=spa", "client_secret=any")]
    [InlineData("C08", 401, "invalid_client", "-client_assertion", "-client_assertion_type", "client_id=web")]
    [InlineData("C09", 400, "invalid_request", "-client_assertion_type")]
    [InlineData("C09", 400, "invalid_request", "-client_assertion")]
    [InlineData("C10", 401, "invalid_client", "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer")]
    [InlineData("C19", 400, "invalid_request", "client_id=evil")]
    [InlineData("C22", 400, "invalid_request", "+grant_type=authorization_code")]
    [InlineData("C22", 400, "invalid_request", "+code=another")]
    [InlineData("C23", 400, "invalid_request", "-grant_type")]
    [InlineData("C23", 400, "unsupported_grant_type", "grant_type=password")]
    [InlineData("C23", 400, "unsupported_grant_type", "grant_type=implicit")]
    [InlineData("C23", 400, "unsupported_grant_type", "grant_type=foo")]
    [InlineData("C24", 400, "unauthorized_client", "grant_type=client_credentials")]
    public async Task Wrong_authentication_brings_nothing(string id, int status, string error, params string[] changes)
    {
        var flow = await fixture.SignedInAsync("web");
        var code = await flow.CodeAsync();

        await Refusal.IsJsonAsync(await flow.RedeemAsync(code, changes), status, error);

        await Flow.ReadAsync(await flow.RedeemAsync(code));
        Assert.NotEmpty(id);
    }

    [Theory]
    [InlineData("C03", 400, "web:secret", "with assertion")]
    [InlineData("C04", 400, "other:secret", "client_id")]
    [InlineData("C05", 401, "%%%not base64", "")]
    [InlineData("C05", 401, "nocolon", "")]
    [InlineData("C05", 401, "%zz:%zz", "")]
    [InlineData("C02", 401, "web:wrong", "")]
    [InlineData("C02", 401, "unknown:wrong", "")]
    [InlineData("C02", 401, "webs:wrong", "")]
    [InlineData("C02", 401, "webs:", "")]
    [InlineData("C05", 401, ":secret", "")]
    [InlineData("C05", 401, "webs:%", "")]
    [InlineData("C05", 401, "webs:%f", "")]
    [InlineData("C07", 401, "spa:secret", "")]
    [InlineData("C20", 401, "webs:expired", "")]
    public async Task Basic_authentication_is_refused_with_its_challenge(string id, int status, string credentials, string body)
    {
        using var client = fixture.Hub.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/connect/token");
        var encoded = id == "C05" && credentials.StartsWith("%%%", StringComparison.Ordinal) ? credentials : Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials));
        request.Headers.TryAddWithoutValidation("Authorization", "Basic " + encoded);
        var form = new Dictionary<string, string> { ["grant_type"] = "authorization_code", ["code"] = "x" };
        if (body == "client_id")
            form["client_id"] = "web";
        if (body == "with assertion")
            (form["client_assertion"], form["client_assertion_type"]) = (Assertions.Make(fixture, "web", fixture.WebKey), AssertionType);
        request.Content = new FormUrlEncodedContent(form);

        var response = await client.SendAsync(request);

        await Refusal.IsJsonAsync(response, status, status == 401 ? "invalid_client" : "invalid_request");
        Assert.Equal(status == 401, response.Headers.WwwAuthenticate.Any(challenge => challenge.Scheme == "Basic"));
    }

    [Theory]
    [InlineData("webs")]
    [InlineData("webps")]
    [InlineData("webrs")]
    public async Task Z02_Each_method_and_algorithm_authenticates(string client)
    {
        var flow = await fixture.SignedInAsync(client);

        await Flow.ReadAsync(await flow.RedeemAsync(await flow.CodeAsync()));
        await Flow.ReadAsync(await flow.RedeemAsync(await flow.CodeAsync(), $"client_id={client}"));
    }

    [Fact]
    public async Task C03_C08_A_client_with_a_secret_has_no_other_way()
    {
        var flow = Flow.SignedOut(fixture, "webs");
        List<(string, string)> form = [("grant_type", "refresh_token"), ("refresh_token", "x")];

        await Refusal.IsJsonAsync(await flow.PostAsync("/connect/token", form), 400, "invalid_grant"); // authenticated
        await Refusal.IsJsonAsync(await flow.PostAsync("/connect/token", [.. form, ("client_secret", IdentityFixture.Secret)]), 400, "invalid_request");
        await Refusal.IsJsonAsync(await flow.PostAsync("/connect/token", [.. form, ("client_assertion_type", AssertionType), ("client_assertion", Assertions.Make(fixture, "webs", fixture.WebKey))]), 400, "invalid_request");
        await Refusal.IsJsonAsync(await flow.PostAsync("/connect/token", [.. form, ("client_id", "webs")], ""), 401, "invalid_client");
        await Refusal.IsJsonAsync(await flow.PostAsync("/connect/token", [.. form, ("client_id", "webs"), ("client_secret", IdentityFixture.Secret)], ""), 401, "invalid_client");
        await Refusal.IsJsonAsync(await flow.PostAsync("/connect/token", [.. form, ("client_assertion_type", AssertionType), ("client_assertion", Assertions.Make(fixture, "webs", fixture.WebKey))], ""), 401, "invalid_client");
        await Refusal.IsJsonAsync(await flow.PostAsync("/connect/token", form, "Bearer x"), 401, "invalid_client");
        await Refusal.IsJsonAsync(await flow.PostAsync("/connect/token", form, Flow.BasicOf("web", IdentityFixture.Secret)), 401, "invalid_client");
    }

    [Theory]
    [InlineData("/connect/token")]
    [InlineData("/connect/par")]
    [InlineData("/connect/revocation")]
    [InlineData("/connect/introspection")]
    public async Task C01_C02_C18_Every_endpoint_for_clients_asks_who_they_are(string path)
    {
        var flow = await fixture.SignedInAsync("web");
        List<(string, string)> form = [.. flow.AuthorizationRequest.Where(field => field.Name != "client_id"), ("grant_type", "refresh_token"), ("refresh_token", "x"), ("token", "x")];
        var assertion = Assertions.Make(fixture, "web", fixture.WebKey);
        Task<HttpResponseMessage> AskAsync(params (string, string)[] more) => flow.PostAsync(path, [.. form, .. more]);

        Assert.NotEqual(HttpStatusCode.Unauthorized, (await AskAsync(("client_assertion_type", AssertionType), ("client_assertion", assertion))).StatusCode);

        await Refusal.IsJsonAsync(await AskAsync(("client_assertion_type", AssertionType), ("client_assertion", assertion)), 401, "invalid_client");
        await Refusal.IsJsonAsync(await AskAsync(), 401, "invalid_client");
        await Refusal.IsJsonAsync(await AskAsync(("client_id", "web")), 401, "invalid_client");
        await Refusal.IsJsonAsync(await AskAsync(("client_id", "off")), 401, "invalid_client");
        await Refusal.IsJsonAsync(await flow.PostAsync(path, form, Flow.BasicOf("webs", "wrong")), 401, "invalid_client");
        await Refusal.IsJsonAsync(await flow.PostAsync(path, form, Flow.BasicOf("nobody", "wrong")), 401, "invalid_client");
    }

    [Fact]
    public async Task C02_A_wrong_secret_and_an_unknown_client_are_answered_alike()
    {
        var flow = Flow.SignedOut(fixture);
        List<string> answers = [];
        foreach (var credentials in new[] { ("webs", "wrong"), ("webs", "expired"), ("nobody", "wrong"), ("web", "wrong"), ("spa", "wrong"), ("off", "wrong") })
        {
            var response = await flow.PostAsync("/connect/token", [("grant_type", "refresh_token"), ("refresh_token", "x")], Flow.BasicOf(credentials.Item1, credentials.Item2));
            answers.Add($"{response.StatusCode} {await response.Content.ReadAsStringAsync()} {response.Headers.WwwAuthenticate}");
        }

        Assert.Single(answers.Distinct());
    }

    [Fact]
    public async Task C25_Who_guesses_a_secret_has_to_wait_and_the_client_elsewhere_does_not()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var hub = await fixture.StartAsync(database);
        using var guesser = ClientAt(hub, IPAddress.Parse("127.0.0.2"));
        using var own = ClientAt(hub, IPAddress.Loopback);

        var statuses = new List<HttpStatusCode>();
        HttpResponseMessage? last = null;
        for (var i = 0; i < 1000; i++)
            statuses.Add((last = await AskAsync(guesser, "webs", $"guess-{i}")).StatusCode);

        Assert.All(statuses[..20], status => Assert.Equal(HttpStatusCode.Unauthorized, status));
        Assert.InRange(statuses.Count(status => status == HttpStatusCode.TooManyRequests), 800, 980);
        Assert.NotNull(last!.Headers.RetryAfter);
        await Refusal.IsJsonAsync(await AskAsync(own, "webs", IdentityFixture.Secret), 400, "invalid_grant"); // authenticated
        await Refusal.IsJsonAsync(await AskAsync(guesser, "svc", IdentityFixture.Secret), 400, "unauthorized_client"); // another client there too

        static Task<HttpResponseMessage> AskAsync(HttpClient http, string client, string secret)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/connect/token") { Content = new FormUrlEncodedContent([new("grant_type", "refresh_token"), new("refresh_token", "x")]) };
            request.Headers.TryAddWithoutValidation("Authorization", Flow.BasicOf(client, secret));
            return http.SendAsync(request);
        }

        static HttpClient ClientAt(HubInstance hub, IPAddress from) => new(new SocketsHttpHandler
        {
            ConnectCallback = async (context, ct) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(from, 0));
                await socket.ConnectAsync(context.DnsEndPoint, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        }) { BaseAddress = hub.Address };
    }

    [Fact]
    public async Task C02_A_known_client_and_an_unknown_one_are_answered_alike()
    {
        var flow = Flow.SignedOut(fixture);

        var known = await flow.TokenAsync([("grant_type", "authorization_code"), ("code", "x"), ("client_id", "web")]);
        var unknown = await flow.TokenAsync([("grant_type", "authorization_code"), ("code", "x"), ("client_id", "nobody")]);

        Assert.Equal(await known.Content.ReadAsStringAsync(), await unknown.Content.ReadAsStringAsync());
        Assert.Equal(known.StatusCode, unknown.StatusCode);
    }

    /// <summary>JSON may write half of a surrogate pair, which cannot be read as text: anybody could have the token endpoint answer 500.</summary>
    [Theory]
    [InlineData("""{"alg":"ES256"}""", """{"sub":"\ud800"}""")]
    [InlineData("""{"alg":"\ud800"}""", """{"sub":"web"}""")]
    [InlineData("""{"alg":"ES256"}""", """{"\ud800":1,"sub":"web"}""")]
    public async Task An_assertion_with_half_a_character_is_refused(string header, string claims)
    {
        var assertion = string.Join('.', new[] { header, claims, "xx" }.Select(part => System.Buffers.Text.Base64Url.EncodeToString(Encoding.ASCII.GetBytes(part))));

        var response = await Flow.SignedOut(fixture).TokenAsync([("grant_type", "client_credentials"), ("client_assertion_type", AssertionType), ("client_assertion", assertion)]);

        await Refusal.IsJsonAsync(response, 401, "invalid_client");
    }

    [Fact]
    public async Task C06_Credentials_in_the_address_are_refused()
    {
        using var client = fixture.Hub.CreateClient();

        var response = await client.PostAsync("/connect/token?client_id=web&client_secret=x", new FormUrlEncodedContent(new Dictionary<string, string> { ["grant_type"] = "refresh_token" }));

        await Refusal.IsJsonAsync(response, 400, "invalid_request");
    }

    public static TheoryData<string, Action<JsonObject, JsonObject>> WrongAssertions => new()
    {
        { "C11 alg none", (header, _) => header["alg"] = "none" },
        { "C12 alg HS256", (header, _) => header["alg"] = "HS256" },
        { "C12 alg RS256", (header, _) => header["alg"] = "RS256" },
        { "C12 alg PS256", (header, _) => header["alg"] = "PS256" },
        { "C13 unknown kid", (header, _) => header["kid"] = "unknown" },
        { "C13 kid no string", (header, _) => header["kid"] = 1 },
        { "C13 crit", (header, _) => header["crit"] = new JsonArray("x") },
        { "C13 another kind of token", (header, _) => header["typ"] = "at+jwt" },
        { "C15 iss differs", (_, claims) => claims["iss"] = "evil" },
        { "C15 iss missing", (_, claims) => claims.Remove("iss") },
        { "C15 sub missing", (_, claims) => claims.Remove("sub") },
        { "C15 sub no string", (_, claims) => claims["sub"] = 1 },
        { "C16 aud missing", (_, claims) => claims.Remove("aud") },
        { "C16 aud of another server", (_, claims) => claims["aud"] = "https://other.example" },
        { "C16 aud is the token endpoint", (_, claims) => claims["aud"] = claims["aud"]!.GetValue<string>() + "/connect/token" },
        { "C16 aud an array", (_, claims) => claims["aud"] = new JsonArray(claims["aud"]!.DeepClone()) },
        { "C16 aud an array with a number", (_, claims) => claims["aud"] = new JsonArray(claims["aud"]!.DeepClone(), 1) },
        { "C17 exp missing", (_, claims) => claims.Remove("exp") },
        { "C17 exp past", (_, claims) => Shift(claims, -120) },
        { "C17 exp no number", (_, claims) => claims["exp"] = "soon" },
        { "C17 exp too large", (_, claims) => claims["exp"] = long.MaxValue },
        { "C17 nbf future", (_, claims) => claims["nbf"] = claims["exp"]!.DeepClone() },
        { "C17 iat future", (_, claims) => Shift(claims, 120) },
        { "C17 iat missing", (_, claims) => claims.Remove("iat") },
        { "C17 lives too long", (_, claims) => claims["exp"] = claims["iat"]!.GetValue<long>() + 301 },
        { "C18 jti missing", (_, claims) => claims.Remove("jti") },
        { "C18 jti empty", (_, claims) => claims["jti"] = "" },
        { "C18 jti too long", (_, claims) => claims["jti"] = new string('j', 300) },
    };

    [Theory]
    [MemberData(nameof(WrongAssertions))]
    public async Task Wrong_assertions_authenticate_nobody(string id, Action<JsonObject, JsonObject> change)
    {
        var flow = Flow.SignedOut(fixture, "web");

        await Refusal.IsJsonAsync(await flow.RedeemAsync("code", $"client_assertion={Assertions.Make(fixture, "web", fixture.WebKey, change)}"), 401, "invalid_client");
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task C11_C12_Tokens_signed_in_another_way_authenticate_nobody()
    {
        var flow = Flow.SignedOut(fixture, "web");
        var right = Assertions.Make(fixture, "web", fixture.WebKey).Split('.');
        var none = Encode("""{"alg":"none"}""") + "." + right[1];
        var confused = Encode("""{"alg":"HS256","typ":"JWT"}""") + "." + right[1];
        var mac = System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(fixture.WebKey.Jwk.ToJsonString()), Encoding.ASCII.GetBytes(confused)));

        foreach (var assertion in new[] { none + ".", $"{none}.{right[2]}", $"{confused}.{mac}", $"{right[0]}.{right[1]}.", $"{right[0]}.{right[1]}", "garbage", "..", new string('a', 20_000) })
            await Refusal.IsJsonAsync(await flow.RedeemAsync("code", $"client_assertion={assertion}"), 401, "invalid_client");
    }

    [Fact]
    public async Task C13_C14_Another_key_authenticates_nobody_even_when_the_header_brings_it()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/keys";
        var flow = Flow.SignedOut(fixture, "web");

        foreach (var change in new Action<JsonObject, JsonObject>[] { (_, _) => { }, (header, _) => header["jwk"] = fixture.EvilKey.Jwk, (header, _) => header["jku"] = url, (header, _) => header["x5u"] = url })
            await Refusal.IsJsonAsync(await flow.RedeemAsync("code", $"client_assertion={Assertions.Make(fixture, "web", fixture.EvilKey, change)}"), 401, "invalid_client");

        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task C18_An_assertion_is_good_once_also_when_raced()
    {
        var flow = await fixture.SignedInAsync("web");
        var assertion = Assertions.Make(fixture, "web", fixture.WebKey);

        var responses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => flow.RedeemAsync("unknown-code", $"client_assertion={assertion}")));

        Assert.Single(responses, response => response.StatusCode == HttpStatusCode.BadRequest); // authenticated; the code is wrong
        Assert.Equal(19, responses.Count(response => response.StatusCode == HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task C15_An_assertion_with_a_repeated_member_is_refused()
    {
        var flow = Flow.SignedOut(fixture, "web");
        var parts = Assertions.Make(fixture, "web", fixture.WebKey).Split('.');
        var claims = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
        var doubled = Encode(claims[..^1] + ",\"sub\":\"web\"}");

        await Refusal.IsJsonAsync(await flow.RedeemAsync("code", $"client_assertion={parts[0]}.{doubled}.{parts[2]}"), 401, "invalid_client");
    }

    [Fact]
    public async Task C21_Only_posted_forms_are_served()
    {
        using var client = fixture.Hub.CreateClient();

        var get = await client.GetAsync("/connect/token?grant_type=refresh_token&client_id=spa");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
        await Refusal.IsJsonAsync(await client.PostAsync("/connect/token", new StringContent("{}", Encoding.UTF8, "application/json")), 400, "invalid_request");
        await Refusal.IsJsonAsync(await client.PostAsync("/connect/token", new MultipartFormDataContent { { new StringContent("refresh_token"), "grant_type" } }), 400, "invalid_request");
        await Refusal.IsJsonAsync(await client.PostAsync("/connect/token", new ByteArrayContent([])), 400, "invalid_request");
        await Refusal.IsJsonAsync(await client.PostAsync("/connect/token", Form(new string('a', 40_000))), 400, "invalid_request");
        await Refusal.IsJsonAsync(await client.PostAsync("/connect/token", Form("grant_type=\xff")), 400, "invalid_request");
        await Refusal.IsJsonAsync(await client.PostAsync("/connect/token", Form(string.Join('&', Enumerable.Range(0, 100).Select(i => $"p{i}=v")))), 400, "invalid_request");
    }

    [Fact]
    public async Task C25_A_thousand_wrong_tries_do_not_lock_the_client_out()
    {
        var flow = await fixture.SignedInAsync("web");

        for (var batch = 0; batch < 20; batch++)
        {
            var responses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => flow.RedeemAsync("code", $"client_assertion={Assertions.Make(fixture, "web", fixture.EvilKey)}")));
            Assert.All(responses, response => Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode));
        }

        await Flow.ReadAsync(await flow.RedeemAsync(await flow.CodeAsync()));
    }

    [Fact]
    public async Task A_disabled_client_cannot_go_on_with_what_it_has()
    {
        var flow = Flow.SignedOut(fixture);

        await Refusal.IsJsonAsync(await flow.TokenAsync([("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "off")]), 401, "invalid_client");
    }

    private static void Shift(JsonObject claims, long seconds)
    {
        foreach (var name in new[] { "iat", "exp" })
            claims[name] = claims[name]!.GetValue<long>() + seconds;
    }

    private static ByteArrayContent Form(string body) => new(Encoding.Latin1.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse("application/x-www-form-urlencoded") } };

    private static string Encode(string json) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
