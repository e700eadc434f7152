using CodeZero.Testing;
using Microsoft.Playwright;

namespace CodeZero.Browser.Tests;

/// <summary>A person at a browser. Whatever the browser complains of is kept: a page of the Hub gives it no reason to.</summary>
public sealed class Visitor : IAsyncDisposable
{
    private const float AskAgainAfter = 5000; // milliseconds

    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    private Visitor(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            // A refused form is answered with 422, which Chromium calls an error, too.
            if (message.Type is "error" or "warning" && !message.Text.Contains("status of 4", StringComparison.Ordinal))
                _complaints.Add($"{message.Location}: {message.Text}");
        };
        page.PageError += (_, error) => _complaints.Add(error);
    }

    public IPage Page { get; }

    /// <summary>Errors of scripts, violations of the Content-Security-Policy, and what else the browser's console says.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public string Path => new Uri(Page.Url).AbsolutePath;

    internal static async Task<Visitor> OpenAsync(IBrowserContext context) => new(context, await context.NewPageAsync());

    public Task GoAsync(string address) => Page.GotoAsync(address);

    public Task PressAsync(string button) => Page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    public Task FillAsync(string label, string value) => Page.GetByLabel(label).FillAsync(value);

    /// <summary>Waits until the browser is at a page. Playwright looks whether it has loaded, and then listens: what happens in between it misses, and knows when it is asked again.</summary>
    public Task ArriveAsync(string path) => Eventually.HoldsAsync(async () =>
    {
        await Page.WaitForURLAsync(url => new Uri(url).AbsolutePath == path, new() { Timeout = AskAgainAfter });
        return true;
    });

    /// <summary>Gives the browser an authenticator of its own, built into the device, that knows its person's finger.</summary>
    public async Task<VirtualAuthenticator> AddAuthenticatorAsync()
    {
        var devTools = await _context.NewCDPSessionAsync(Page);
        await devTools.SendAsync("WebAuthn.enable", new Dictionary<string, object> { ["enableUI"] = false });
        var added = await devTools.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2",
                ["transport"] = "internal",
                ["hasResidentKey"] = true,
                ["hasUserVerification"] = true,
                ["isUserVerified"] = true,
                ["automaticPresenceSimulation"] = true,
            },
        });
        return new(devTools, added!.Value.GetProperty("authenticatorId").GetString()!);
    }

    /// <summary>Every cookie the browser has, without which it is a browser where nobody signed in.</summary>
    public Task ForgetAsync() => _context.ClearCookiesAsync();

    public async ValueTask DisposeAsync() => await _context.DisposeAsync();
}

/// <summary>Chromium's authenticator for tests (Chrome DevTools Protocol, domain WebAuthn).</summary>
public sealed class VirtualAuthenticator(ICDPSession devTools, string id)
{
    /// <summary>From now on the finger is a stranger's.</summary>
    public Task FailVerificationAsync() => devTools.SendAsync("WebAuthn.setUserVerified", new Dictionary<string, object> { ["authenticatorId"] = id, ["isUserVerified"] = false });

    /// <summary>How many passkeys it holds.</summary>
    public async Task<int> CountAsync() =>
        (await devTools.SendAsync("WebAuthn.getCredentials", new Dictionary<string, object> { ["authenticatorId"] = id }))!.Value.GetProperty("credentials").GetArrayLength();
}
