using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.Testing;
using Microsoft.AspNetCore.WebUtilities;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>
/// One client's way through the provider, right unless a test changes something. Changes are written <c>name=value</c> (set), <c>-name</c> (leave out),
/// <c>+name=value</c> (send once more).
/// </summary>
public sealed class Flow
{
    public const string State = "xyz-state";
    public const string Password = TestPerson.Password;

    private static readonly Dictionary<string, string> RedirectUris = new()
    {
        ["spa"] = "https://spa.example/cb",
        ["web"] = "https://rp.example/cb",
        ["evil"] = "https://evil.example/cb",
        ["nat"] = "http://127.0.0.1:5555/cb",
        ["webs"] = "https://rp.example/cb",
        ["webps"] = "https://rp.example/cb",
        ["webrs"] = "https://rp.example/cb",
        ["dpop"] = "https://dpop.example/cb",
        ["par"] = "https://par.example/cb",
        ["es"] = "https://es.example/cb",
        ["online"] = "https://online.example/cb",
        ["czctl"] = "http://127.0.0.1:5555/callback",
    };

    private readonly IdentityFixture _fixture;

    private Flow(IdentityFixture fixture, Browser browser, string email, Guid userId, string client)
    {
        (_fixture, Browser, Email, UserId, Client) = (fixture, browser, email, userId, client);
        Verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
    }

    public Browser Browser { get; }
    public string Email { get; }
    public Guid UserId { get; }
    public string Client { get; }
    public string Verifier { get; }
    public string Challenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));
    public string RedirectUri => RedirectUris[Client];

    /// <summary>Signs its requests to the token endpoint; null for a client without proofs.</summary>
    public DpopKey? Proof { get; init; }

    /// <summary>The Authorization header of a client with a secret; null for others.</summary>
    public string? Basic => Client is "webs" or "svc" or "rs" ? BasicOf(Client, IdentityFixture.Secret) : null;

    /// <summary>A new person, signed in at a new browser.</summary>
    public static async Task<Flow> SignUpAsync(IdentityFixture fixture, string client = "spa")
    {
        var email = $"person-{Guid.CreateVersion7():N}@example.com";
        var userId = (await TestAccount.MakeAsync(fixture.Hub, email, Password, findToken: fixture.FindTokenAsync)).UserId;
        var browser = new Browser(fixture.Hub.Address);
        await browser.SignInAsync(email, Password);
        return new(fixture, browser, email, userId, client);
    }

    /// <summary>Somebody at a browser where nobody is signed in.</summary>
    public static Flow SignedOut(IdentityFixture fixture, string client = "spa") => new(fixture, new Browser(fixture.Hub.Address), "", Guid.Empty, client);

    /// <summary>The same person and browser with another client and verifier.</summary>
    public Flow As(string client, DpopKey? proof = null) => new(_fixture, Browser, Email, UserId, client) { Proof = proof };

    /// <summary>The address of the authorization request.</summary>
    public string AuthorizeAddress(params string[] changes) => AddressOf("/connect/authorize", Change(AuthorizationRequest, changes));

    /// <summary>An address of the Hub with these parameters.</summary>
    public static string AddressOf(string path, IEnumerable<(string Name, string Value)> parameters) => path + QueryOf(parameters);

    /// <summary>The parameters of the authorization request.</summary>
    public IEnumerable<(string Name, string Value)> AuthorizationRequest =>
    [
        ("client_id", Client), ("redirect_uri", RedirectUri), ("response_type", "code"), ("scope", "openid hub" + (Client == "online" ? "" : " offline_access")), ("state", State), ("nonce", "n-1"),
        ("code_challenge", Challenge), ("code_challenge_method", "S256"),
    ];

    public Task<HttpResponseMessage> AuthorizeAsync(params string[] changes) => Browser.GetAsync(AuthorizeAddress(changes));

    /// <summary>Goes all the way to the client, consenting where asked; the answer's parameters.</summary>
    public async Task<Dictionary<string, string>> AnswerAsync(params string[] changes)
    {
        return await FollowAsync(await AuthorizeAsync(changes));
    }

    /// <summary>Follows to the client, consenting where asked; the answer's parameters.</summary>
    public async Task<Dictionary<string, string>> FollowAsync(HttpResponseMessage first)
    {
        var (last, elsewhere) = await Browser.FollowAsync(first);
        if (elsewhere is null && Browser.Page.Contains("name=\"decision\"", StringComparison.Ordinal))
            (last, elsewhere) = await Browser.FollowAsync(await Browser.SubmitAsync(("decision", "allow")));
        Assert.True(elsewhere is not null, $"Did not go back to the client, but ended with {(int)last.StatusCode}: {Browser.Page}");
        return QueryHelpers.ParseQuery(elsewhere.Query).ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
    }

    public async Task<string> CodeAsync(params string[] changes) => (await AnswerAsync(changes))["code"];

    /// <summary>Redeems a code.</summary>
    public Task<HttpResponseMessage> RedeemAsync(string code, params string[] changes) =>
        TokenAsync(Change([("grant_type", "authorization_code"), ("code", code), ("redirect_uri", RedirectUri), ("code_verifier", Verifier), .. Authentication()], changes));

    public Task<HttpResponseMessage> RefreshAsync(string refreshToken, params string[] changes) =>
        TokenAsync(Change([("grant_type", "refresh_token"), ("refresh_token", refreshToken), .. Authentication()], changes));

    /// <summary>Authorizes and redeems.</summary>
    public async Task<JsonObject> TokensAsync(params string[] changes) => await ReadAsync(await RedeemAsync(await CodeAsync(changes)));

    /// <summary>Sends a form to the token endpoint, with a proof where this flow has a key.</summary>
    public Task<HttpResponseMessage> TokenAsync(IEnumerable<(string Name, string Value)> form, params string[] proofs) =>
        PostAsync("/connect/token", form, proofs: proofs.Length > 0 ? proofs : Proof is null ? [] : [Prove()]);

    /// <summary>Pushes the authorization request.</summary>
    public Task<HttpResponseMessage> PushAsync(params string[] changes) => PostAsync("/connect/par", Change([.. AuthorizationRequest, .. Authentication().Where(field => field.Item1 != "client_id")], changes));

    /// <summary>Pushes the authorization request, and goes with its reference all the way to the client; the code.</summary>
    public async Task<string> PushedCodeAsync(params string[] changes) => (await FollowAsync(await TakeUpAsync(await ReferenceAsync(changes))))["code"];

    /// <summary>The reference of a pushed request.</summary>
    public async Task<string> ReferenceAsync(params string[] changes) => (await ReadAsync(await PushAsync(changes)))["request_uri"]!.GetValue<string>();

    /// <summary>Brings the reference of a pushed request to the authorization endpoint.</summary>
    public Task<HttpResponseMessage> TakeUpAsync(string reference, params string[] changes) =>
        Browser.GetAsync(AddressOf("/connect/authorize", Change([("client_id", Client), ("request_uri", reference)], changes)));

    public Task<HttpResponseMessage> RevokeAsync(string token, params string[] changes) => PostAsync("/connect/revocation", Change([("token", token), .. Authentication()], changes));

    public Task<HttpResponseMessage> IntrospectAsync(string token, params string[] changes) => PostAsync("/connect/introspection", Change([("token", token), .. Authentication()], changes));

    /// <summary>Whether introspection calls the token active; if not, it must say nothing else.</summary>
    public async Task<bool> IsActiveAsync(string token)
    {
        var answer = await ReadAsync(await IntrospectAsync(token));
        var active = answer["active"]!.GetValue<bool>();
        Assert.True(active || answer.Count == 1, answer.ToJsonString());
        return active;
    }

    /// <summary>Sends a form to an endpoint for clients.</summary>
    /// <param name="authorization">The Authorization header; default: of the client's secret.</param>
    public async Task<HttpResponseMessage> PostAsync(string path, IEnumerable<(string Name, string Value)> form, string? authorization = null, params string[] proofs)
    {
        using var client = _fixture.Hub.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value))) };
        foreach (var proof in proofs)
            request.Headers.TryAddWithoutValidation("DPoP", proof);
        if ((authorization ?? Basic) is { Length: > 0 } header)
            request.Headers.TryAddWithoutValidation("Authorization", header);
        return await client.SendAsync(request);
    }

    /// <summary>How the client authenticates in a form.</summary>
    public (string, string)[] Authentication() => Assertions.Make(_fixture, Client) is { } assertion
        ? [("client_assertion_type", Assertions.Type), ("client_assertion", assertion)]
        : Basic is null ? [("client_id", Client)] : [];

    public static string BasicOf(string client, string secret) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(client)}:{Uri.EscapeDataString(secret)}"));

    public Uri TokenEndpoint => new(_fixture.Hub.Address, "/connect/token");

    public string Prove(Action<JsonObject, JsonObject>? change = null) => Proof!.Prove(HttpMethod.Post, TokenEndpoint, null, change, _fixture.Clock.GetUtcNow());

    /// <summary>The body of a success.</summary>
    public static async Task<JsonObject> ReadAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {body}");
        return JsonNode.Parse(body)!.AsObject();
    }

    public static List<(string Name, string Value)> Change(IEnumerable<(string Name, string Value)> parameters, params string[] changes)
    {
        var list = parameters.ToList();
        foreach (var change in changes)
        {
            var (name, value) = change.TrimStart('+', '-').Split('=', 2) is [var n, var v] ? (n, v) : (change.TrimStart('+', '-'), "");
            if (!change.StartsWith('+'))
                list.RemoveAll(parameter => parameter.Name == name);
            if (!change.StartsWith('-'))
                list.Add((name, value));
        }
        return list;
    }

    private static string QueryOf(IEnumerable<(string Name, string Value)> parameters) =>
        "?" + string.Join('&', parameters.Select(parameter => $"{Uri.EscapeDataString(parameter.Name)}={Uri.EscapeDataString(parameter.Value)}"));
}

/// <summary>Client assertions (RFC 7523), right ones and wrong ones.</summary>
internal static class Assertions
{
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    /// <summary>The assertion of a client that authenticates so; null for others.</summary>
    public static string? Make(IdentityFixture fixture, string client) => client switch
    {
        "web" or "m2m" => Make(fixture, client, fixture.WebKey),
        "evil" => Make(fixture, client, fixture.EvilKey),
        "webps" => Make(fixture, client, RsaKey.Sign, (header, _) => header["alg"] = "PS256"),
        "webrs" => Make(fixture, client, RsaKey.Sign, (header, _) => header["alg"] = "RS256"),
        _ => null,
    };

    public static string Make(IdentityFixture fixture, string client, DpopKey key, Action<JsonObject, JsonObject>? change = null) => Make(fixture, client, key.Sign, change);

    public static string Make(IdentityFixture fixture, string client, Func<JsonObject, JsonObject, string> sign, Action<JsonObject, JsonObject>? change = null)
    {
        var now = fixture.Clock.GetUtcNow();
        var header = new JsonObject { ["alg"] = "ES256", ["typ"] = "JWT" };
        var claims = new JsonObject
        {
            ["iss"] = client,
            ["sub"] = client,
            ["aud"] = fixture.Issuer,
            ["jti"] = Guid.CreateVersion7().ToString(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddSeconds(50).ToUnixTimeSeconds(),
        };
        change?.Invoke(header, claims);
        return sign(header, claims);
    }
}

/// <summary>The forms that refusals take.</summary>
internal static class Refusal
{
    /// <summary>400 as a page of the Hub's own, with no way to anywhere, and nothing of the request on it.</summary>
    public static async Task IsPageAsync(HttpResponseMessage response, params string[] untrusted)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, $"{(int)response.StatusCode} {response.Headers.Location}: {body}");
        Assert.Null(response.Headers.Location);
        Assert.All(untrusted.Where(text => text.Length > 3), text => Assert.DoesNotContain(text, body, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Back to the client's own address with the error, the state and the issuer, and without a code.</summary>
    public static void IsSentBack(HttpResponseMessage response, string error, Flow flow, string issuer, string? state = Flow.State)
    {
        Assert.True(response.StatusCode is HttpStatusCode.SeeOther or HttpStatusCode.Found, $"{(int)response.StatusCode} {response.Headers.Location}");
        var location = response.Headers.Location!;
        Assert.StartsWith(flow.RedirectUri + "?", location.OriginalString, StringComparison.Ordinal);
        IsError(QueryHelpers.ParseQuery(location.Query).ToDictionary(pair => pair.Key, pair => pair.Value.ToString()), error, issuer, state);
    }

    public static void IsError(Dictionary<string, string> answer, string error, string issuer, string? state = Flow.State)
    {
        Assert.Equal(error, answer.GetValueOrDefault("error"));
        Assert.Equal(issuer, answer["iss"]);
        Assert.Equal(state, answer.GetValueOrDefault("state"));
        Assert.DoesNotContain("code", answer.Keys);
        IsDescription(answer["error_description"]);
    }

    /// <summary>RFC 6749 §4.1.2.1 and §5.2 allow ASCII without quotes and backslashes.</summary>
    private static void IsDescription(string text) => Assert.All(text, character => Assert.True(character is >= ' ' and <= '~' and not ('"' or '\\'), text));

    /// <summary>JSON of RFC 6749 §5.2, which nobody may keep, with nothing issued.</summary>
    public static async Task IsJsonAsync(HttpResponseMessage response, int status, params string[] errors)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"{(int)response.StatusCode}: {body}");
        var json = JsonNode.Parse(body)!.AsObject();
        Assert.Contains(json["error"]?.GetValue<string>(), errors);
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        Assert.All(json, member => Assert.StartsWith("error", member.Key, StringComparison.Ordinal));
        IsDescription(json["error_description"]!.GetValue<string>());
    }
}
