using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>One Hub for the tests of devices, where more clients may use the device code: <c>cli</c> and <c>tv</c>, public; <c>web</c> and <c>webs</c>; <c>dpop</c>.</summary>
public sealed class DeviceFixture : MailFixture
{
    private static readonly string[] Scopes = ["openid", "hub", "offline_access", "email"], Grants = ["authorization_code", "refresh_token", Device.GrantType];

    protected override IReadOnlyDictionary<string, string?> MoreSettings
    {
        get
        {
            var settings = new Dictionary<string, string?>(base.MoreSettings);
            foreach (var client in new[] { "cli", "tv" })
            {
                settings[$"Hub:Identity:Clients:{client}:Name"] = $"The client {client}";
                foreach (var (scope, i) in Scopes.Select((scope, i) => (scope, i)))
                    settings[$"Hub:Identity:Clients:{client}:Scopes:{i}"] = scope;
            }
            foreach (var client in new[] { "cli", "tv", "web", "webs", "dpop" })
                foreach (var (grant, i) in Grants.Select((grant, i) => (grant, i)))
                    settings[$"Hub:Identity:Clients:{client}:Grants:{i}"] = grant;
            return settings;
        }
    }
}

[CollectionDefinition(nameof(Devices))]
public sealed class Devices : ICollectionFixture<DeviceFixture>;

/// <summary>A device: it asks for codes and polls, while a person does the rest elsewhere.</summary>
internal sealed record Device(DeviceFixture Fixture, Flow Flow, string DeviceCode, string UserCode)
{
    public const string GrantType = "urn:ietf:params:oauth:grant-type:device_code";
    public const string Endpoint = "/connect/device_authorization";

    /// <summary>A device of this client that has its codes.</summary>
    public static async Task<Device> BeginAsync(DeviceFixture fixture, string client = "cli", params string[] changes)
    {
        var flow = Flow.SignedOut(fixture, client);
        var codes = await Flow.ReadAsync(await AskAsync(flow, changes));
        return new(fixture, flow, codes["device_code"]!.GetValue<string>(), codes["user_code"]!.GetValue<string>());
    }

    /// <summary>Asks for codes.</summary>
    public static Task<HttpResponseMessage> AskAsync(Flow flow, params string[] changes) =>
        flow.PostAsync(Endpoint, Flow.Change([("scope", "openid hub offline_access"), .. flow.Authentication()], changes));

    /// <summary>Asks for tokens.</summary>
    public Task<HttpResponseMessage> PollAsync(params string[] changes) => PollAsAsync(Flow, changes);

    /// <summary>Another client asks for tokens with this device's code.</summary>
    public Task<HttpResponseMessage> PollAsAsync(Flow flow, params string[] changes) =>
        flow.TokenAsync(Flow.Change([("grant_type", GrantType), ("device_code", DeviceCode), .. flow.Authentication()], changes));

    /// <summary>Asks until the tokens are there, which they must be.</summary>
    public async Task<JsonObject> TokensAsync() => await Flow.ReadAsync(await PollAsync());

    /// <summary>The person enters the code, and sees the question.</summary>
    public async Task EnterAsync(Browser browser, string? typed = null)
    {
        await browser.GetAsync("/device");
        var (last, _) = await browser.FollowAsync(await browser.SubmitAsync(("code", typed ?? UserCode)));
        Assert.True(last.RequestMessage!.RequestUri!.AbsolutePath == "/device/confirm" && last.IsSuccessStatusCode, $"{(int)last.StatusCode} {last.RequestMessage.RequestUri}: {browser.Page}");
    }

    /// <summary>The person enters the code and decides.</summary>
    public async Task DecideAsync(Browser browser, string decision = "allow", string? typed = null)
    {
        await EnterAsync(browser, typed);
        var (last, _) = await browser.FollowAsync(await browser.SubmitAsync(("decision", decision)));
        Assert.True(last.IsSuccessStatusCode, browser.Page);
    }

    /// <summary>The codes' time is over.</summary>
    public Task ExpireAsync() => Fixture.ExecuteAsync("update identity.device_authorizations set expires_at = $1 where user_code = $2", Fixture.Clock.GetUtcNow(), Plain);

    /// <summary>The code as it is kept.</summary>
    public string Plain => UserCode.Replace("-", "", StringComparison.Ordinal);
}
