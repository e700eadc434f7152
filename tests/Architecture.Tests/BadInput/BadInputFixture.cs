using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeZero.Architecture.Tests.BadInput;

/// <summary>A Hub that takes as many requests as are sent, an organization with one of everything, and those who ask: nobody, its owner, its cluster's agent.</summary>
public sealed partial class BadInputFixture : HubFixture, IAsyncLifetime
{
    private const string Application = "bad-input", RedirectUri = "https://bad-input.example/cb";

    private const string Manifest = """
        name: Test
        appId: sample
        package: '@provisioner/appengine'
        editions:
          - name: stable
            status: public
            spec:
              provisioner:
                image: example/sample
                tag: "1.0"
                ports: 8080
        """;

    private static readonly string[] ForItself = ["client_credentials"];

    private readonly DnsServer _dns = DnsServer.Start();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly List<IDisposable> _own = [];

    public IReadOnlyList<RouteEndpoint> Endpoints => [.. Hub.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    /// <summary>What the Hub has recorded as an error, which no caller may be able to cause.</summary>
    internal IReadOnlyCollection<string> Errors => _errors;

    internal Asker Nobody { get; private set; } = null!;
    internal Asker Owner { get; private set; } = null!;
    internal Asker Agent { get; private set; } = null!;

    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>(_dns.Settings)
    {
        ["Hub:RateLimits:AddressPerMinute"] = "1000000",
        ["Hub:RateLimits:CallerPerMinute"] = "1000000",
        ["Hub:RateLimits:OrganizationPerMinute"] = "1000000",
        ["Hub:Identity:Limits:SignUpsPerMinute"] = "1000000",
        ["Hub:Identity:Limits:SignInsPerMinute"] = "1000000",
        ["Hub:Identity:Limits:AuthorizationsPerMinute"] = "1000000",
        ["Hub:Identity:Limits:TokenRequestsPerMinute"] = "1000000",
        ["Hub:Identity:Lockout:Attempts"] = "100",
        ["Hub:Clusters:RequireAcceptance"] = "false",
        ["Hub:Clusters:EnrolmentsPerMinute"] = "1000000",
        [$"Hub:Identity:Clients:{Application}:Name"] = "Application",
        [$"Hub:Identity:Clients:{Application}:RedirectUris:0"] = RedirectUri,
        [$"Hub:Identity:Clients:{Application}:Scopes:0"] = "openid",
        [$"Hub:Identity:Clients:{Application}:Scopes:1"] = "hub",
    };

    protected override void Configure(IServiceCollection services) => services.AddSingleton<ILoggerProvider>(new ErrorLog(_errors));

    async Task IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        var (owner, names, agent) = await ArrangeAsync();
        Nobody = new("nobody", names, await FormTokenAsync(new Browser(Hub.Address), "/signin"), _ => null);
        var browser = new Browser(Hub.Address);
        await browser.SignInAsync(owner.Email, TestPerson.Password);
        var token = await TokenAsync(browser);
        Owner = new("the owner", names, await FormTokenAsync(browser, "/account"), _ => [("Authorization", $"Bearer {token}"), ("Cookie", CookiesOf(browser))]);
        var agentToken = await agent.TokenAsync();
        Agent = new("the agent", names, null, draft =>
            [("Authorization", $"DPoP {agentToken}"), ("DPoP", DpopProof.Create(agent.Key, draft.Method, AddressOf(draft), TimeProvider.System.GetUtcNow(), agentToken))]);
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        foreach (var own in _own)
            own.Dispose();
        await DisposeAsync();
        await _dns.DisposeAsync();
    }

    /// <summary>An organization with a member, and one of everything that an organization can have; what their names and ids are, by the names that routes have for them.</summary>
    private async Task<(TestPerson Owner, IReadOnlyDictionary<string, string> Names, TestAgent Agent)> ArrangeAsync()
    {
        var (owner, member) = (Own(await SignUpAsync()), Own(await SignUpAsync()));
        await JoinAsync(member, owner.OrganizationId, "developer");
        var org = $"/v1/orgs/{owner.Slug}";
        using var manifest = new StringContent(Manifest, Encoding.UTF8, "application/yaml");
        await DoAsync(owner.Client.PostAsync($"{org}/apps/sample/versions?version=1.0.0", manifest));
        await PostAsync("/clusters", new { name = "sample" });
        var enrolment = await PostAsync("/clusters/sample/enrolments", new { });
        var agent = Own(new TestAgent(Own(Hub.CreateClient()), EnrolmentToken.Parse(enrolment.GetProperty("token").GetString()!).Value));
        await DoAsync(agent.EnrolAsync());
        var install = await PostAsync("/clusters/sample/installs", new { app = $"{owner.Slug}/sample", name = "sample", @namespace = "default", edition = "stable" });
        var invitation = await PostAsync("/invitations", new { email = "somebody-new@example.com", role = "viewer" });
        await PostAsync("/domains", new { name = "sample.example" });
        var client = await PostAsync("/clients", new { client = new { name = "Sample", authenticationMethod = "client_secret_basic", grants = ForItself } });
        var sessions = await DoAsync(owner.Client.GetAsync("/v1/me/sessions"));
        return (owner, new Dictionary<string, string>
        {
            ["org"] = owner.Slug,
            ["slug"] = owner.Slug,
            ["publisher"] = owner.Slug,
            ["app"] = "sample",
            ["version"] = "1.0.0",
            ["cluster"] = "sample",
            ["domain"] = "sample.example",
            ["user"] = member.UserId.ToString(),
            ["install"] = install.GetProperty("id").GetString()!,
            ["digest"] = Uri.EscapeDataString(install.GetProperty("digest").GetString()!),
            ["invitation"] = invitation.GetProperty("id").GetString()!,
            ["client"] = client.GetProperty("client").GetProperty("id").GetString()!,
            ["session"] = sessions.GetProperty("items")[0].GetProperty("id").GetString()!,
        }, agent);

        async Task<JsonElement> PostAsync(string path, object body) => await DoAsync(owner.Client.PostAsJsonAsync(org + path, body));
    }

    private static async Task<JsonElement> DoAsync(Task<HttpResponseMessage> request)
    {
        using var answer = await request;
        var body = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? body.Length > 0 ? JsonElement.Parse(body) : default : throw new InvalidOperationException($"{answer.RequestMessage!.RequestUri} answered {(int)answer.StatusCode}: {body}");
    }

    /// <summary>A token that is bound to no key, so that each request needs no proof.</summary>
    private async Task<string> TokenAsync(Browser browser)
    {
        var verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        await browser.FollowAsync(await browser.GetAsync(QueryHelpers.AddQueryString("/connect/authorize", new Dictionary<string, string?>
        {
            ["client_id"] = Application, ["redirect_uri"] = RedirectUri, ["response_type"] = "code", ["scope"] = "openid hub",
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))), ["code_challenge_method"] = "S256",
        })));
        var (_, answer) = await browser.FollowAsync(await browser.SubmitAsync(("decision", "allow")));
        using var client = Hub.CreateClient();
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code", ["client_id"] = Application, ["redirect_uri"] = RedirectUri, ["code_verifier"] = verifier, ["code"] = QueryHelpers.ParseQuery(answer!.Query)["code"].ToString(),
        });
        return (await DoAsync(client.PostAsync("/connect/token", form))).GetProperty("access_token").GetString()!;
    }

    /// <summary>What a form of the browser has to bring along, and with which cookie.</summary>
    private static async Task<FormToken> FormTokenAsync(Browser browser, string page)
    {
        await browser.GetAsync(page);
        return new(AntiforgeryField().Match(browser.Page).Groups[1].Value, CookiesOf(browser));
    }

    private static string CookiesOf(Browser browser) => string.Join("; ", browser.Cookies.Select(cookie => $"{cookie.Key}={cookie.Value}"));

    private Uri AddressOf(Draft draft) => new(Hub.Address, Encoding.Latin1.GetString(draft.ToBytes(Hub.Address)).Split(' ')[1].Split('?')[0]);

    private T Own<T>(T disposable) where T : IDisposable
    {
        _own.Add(disposable);
        return disposable;
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex AntiforgeryField();

    /// <summary>Keeps the log's errors.</summary>
    private sealed class ErrorLog(ConcurrentQueue<string> errors) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                errors.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{formatter(state, exception)}\n{exception}"));
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>The antiforgery field of a browser's forms, and the cookies that go with it.</summary>
internal sealed record FormToken(string Field, string Cookies);

/// <summary>Somebody who asks the Hub.</summary>
/// <param name="Names">What stands in addresses, by the names that routes have for it.</param>
/// <param name="Form">Null for who has no browser.</param>
/// <param name="Credentials">The headers that show who it is, for a request as it will be sent.</param>
internal sealed record Asker(string Who, IReadOnlyDictionary<string, string> Names, FormToken? Form, Func<Draft, IEnumerable<(string Name, string Value)>?> Credentials)
{
    /// <summary>Adds what shows who it is, where the request does not say something else.</summary>
    public void Sign(Draft draft)
    {
        foreach (var (name, value) in Credentials(draft) ?? (Form is null ? [] : [("Cookie", Form.Cookies)]))
            if (!draft.Headers.Exists(header => header.Name == name))
                draft.Headers.Add((name, value));
    }
}
