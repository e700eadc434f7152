using System.Net.Http.Json;
using System.Text.Json;
using CodeZero.Testing;
using Microsoft.Playwright;

namespace CodeZero.Browser.Tests;

/// <summary>A Hub on <c>localhost</c>, where browsers have passkeys without https, and one Chromium for all tests.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private TestDatabase? _database;
    private HubInstance? _hub;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public HubInstance Hub => _hub!;

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _hub = await HubInstance.StartAsync(_database, new Dictionary<string, string?>
        {
            ["Hub:Identity:Clients:demo:Name"] = "Demo application",
            ["Hub:Identity:Clients:demo:RedirectUris:0"] = "https://demo.example/callback",
            ["Hub:Identity:Clients:demo:Scopes:0"] = "openid",
            ["Hub:Identity:Clients:demo:Scopes:1"] = "hub",
            ["Hub:Identity:Clients:demo:Scopes:2"] = "offline_access",
        }, host: "localhost");
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = FindChromium(),
            Headless = true,
            Args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    /// <summary>Somebody at a browser of their own, without cookies.</summary>
    public async Task<Visitor> OpenAsync(int width = 1280, int height = 900, bool scripts = true)
    {
        var context = await _browser!.NewContextAsync(new()
        {
            BaseURL = Hub.Address.ToString(),
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = ColorScheme.Light,
            JavaScriptEnabled = scripts,
            ReducedMotion = ReducedMotion.Reduce,
        });
        return await Visitor.OpenAsync(context);
    }

    /// <summary>The code that a device shows, which asks for tokens as czctl does.</summary>
    public async Task<string> BeginDeviceAsync()
    {
        using var client = Hub.CreateClient();
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["client_id"] = "czctl", ["scope"] = "openid offline_access hub" });
        using var answer = await client.PostAsync("/connect/device_authorization", form);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("user_code").GetString()!;
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        if (_hub is not null)
            await _hub.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    /// <summary>The classes that share it, one after the other: a second Hub and Chromium would cost more than they wait for each other.</summary>
    [CollectionDefinition(Name)]
    public sealed class Sharing : ICollectionFixture<BrowserFixture>
    {
        public const string Name = "browser";
    }

    private static string FindChromium() =>
        new[] { Environment.GetEnvironmentVariable("CODEZERO_CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("Chromium is not installed. Run infra/test, which installs it, or 'apt-get install chromium', or name one in CODEZERO_CHROMIUM.");
}
