using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Testing;

/// <summary>A person with an organization of their own, signed in as <c>czctl</c> by the real way: sign-up, sign-in page, consent, code with PKCE, token with DPoP.</summary>
public sealed class TestPerson : IDisposable
{
    public const string Password = "sturdy-lantern-meadow-42";
    private const string RedirectUri = "http://127.0.0.1:49152/callback";

    private TestPerson(HubInstance hub, string email, Guid userId, Guid organizationId, string slug)
    {
        (Hub, Email, UserId, OrganizationId, Slug) = (hub, email, userId, organizationId, slug);
        Client = new HttpClient(new Authorizing(this) { InnerHandler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false } }) { BaseAddress = hub.Address };
    }

    public HubInstance Hub { get; }
    public string Email { get; }
    public Guid UserId { get; }

    /// <summary>The first organization, which the person owns.</summary>
    public Guid OrganizationId { get; }

    /// <summary>Its slug.</summary>
    public string Slug { get; }

    public DpopKey Key { get; } = new();
    public string AccessToken { get; private set; } = "";
    public string RefreshToken { get; private set; } = "";

    /// <summary>Sends each request as this person.</summary>
    public HttpClient Client { get; }

    /// <summary>The Hub's time, which a test may have put forward.</summary>
    private DateTimeOffset Now => Hub.Services.GetRequiredService<TimeProvider>().GetUtcNow();

    /// <summary>Signs up, and in.</summary>
    /// <param name="organization">Name of the first organization; default: one that nobody else has.</param>
    /// <param name="mail">The server that the Hub sends its messages to; null: it has none.</param>
    public static async Task<TestPerson> SignUpAsync(HubInstance hub, string? organization = null, SmtpServer? mail = null)
    {
        var unique = Guid.CreateVersion7().ToString("N")[^12..];
        var email = $"person-{unique}@example.com";
        var account = await TestAccount.MakeAsync(hub, email, Password, organization ?? $"Org {unique}", mail is null ? null : async to => TestAccount.TokenIn((await mail.WaitForAsync(to, "Finish signing up")).Text));
        var person = new TestPerson(hub, email, account.UserId, account.OrganizationId, account.Slug);
        await person.SignInAsync();
        return person;
    }

    private async Task SignInAsync()
    {
        using var browser = new Browser(Hub.Address);
        var verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var first = await browser.GetAsync(QueryHelpers.AddQueryString("/connect/authorize", new Dictionary<string, string?>
        {
            ["client_id"] = "czctl",
            ["redirect_uri"] = RedirectUri,
            ["response_type"] = "code",
            ["scope"] = "openid offline_access hub",
            ["state"] = "state",
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
            ["code_challenge_method"] = "S256",
        }));
        await browser.FollowAsync(first);
        await browser.FollowAsync(await browser.SubmitAsync(("Input.Email", Email), ("Input.Password", Password)));
        var (last, answer) = await browser.FollowAsync(await browser.SubmitAsync(("decision", "allow")));
        if (answer is null || !QueryHelpers.ParseQuery(answer.Query).TryGetValue("code", out var code))
            throw new InvalidOperationException($"No code; the browser ended with {(int)last.StatusCode} at {answer?.ToString() ?? browser.Page}");

        var endpoint = new Uri(Hub.Address, "/connect/token");
        using var client = Hub.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint)
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["grant_type"] = "authorization_code",
                ["client_id"] = "czctl",
                ["code"] = code!,
                ["redirect_uri"] = RedirectUri,
                ["code_verifier"] = verifier,
            }),
            Headers = { { "DPoP", Key.Prove(HttpMethod.Post, endpoint, at: Now) } },
        };
        using var response = await client.SendAsync(request);
        var tokens = await response.Content.ReadFromJsonAsync<JsonObject>();
        AccessToken = tokens!["access_token"]?.GetValue<string>() ?? throw new InvalidOperationException($"No token: {tokens.ToJsonString()}");
        RefreshToken = tokens["refresh_token"]!.GetValue<string>();
    }

    /// <summary>Renews the tokens, which then say what has become of the sign-in.</summary>
    public async Task RenewAsync()
    {
        var endpoint = new Uri(Hub.Address, "/connect/token");
        using var client = Hub.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint)
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["client_id"] = "czctl", ["refresh_token"] = RefreshToken }),
            Headers = { { "DPoP", Key.Prove(HttpMethod.Post, endpoint, at: Now) } },
        };
        using var response = await client.SendAsync(request);
        var tokens = await response.Content.ReadFromJsonAsync<JsonObject>();
        AccessToken = tokens!["access_token"]?.GetValue<string>() ?? throw new InvalidOperationException($"No token: {tokens.ToJsonString()}");
        RefreshToken = tokens["refresh_token"]!.GetValue<string>();
    }

    public void Dispose()
    {
        Client.Dispose();
        Key.Dispose();
    }

    private sealed class Authorizing(TestPerson person) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization ??= new AuthenticationHeaderValue("DPoP", person.AccessToken);
            if (!request.Headers.Contains("DPoP"))
                request.Headers.Add("DPoP", person.Key.Prove(request.Method, request.RequestUri!, person.AccessToken, at: person.Now));
            return base.SendAsync(request, cancellationToken);
        }
    }
}
