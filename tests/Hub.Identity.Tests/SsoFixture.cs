using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>A Hub whose organizations' providers may be on this machine, and one such provider.</summary>
public sealed class SsoFixture : IdentityFixture, IAsyncLifetime
{
    private TestProvider? _provider;

    public TestProvider Provider => _provider!;

    protected override IReadOnlyDictionary<string, string?> MoreSettings => new Dictionary<string, string?> { ["Hub:Identity:Sso:AllowPrivateNetworks"] = "true" };

    async Task IAsyncLifetime.InitializeAsync()
    {
        _provider = await TestProvider.StartAsync();
        await InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        if (_provider is not null)
            await _provider.DisposeAsync();
    }

    /// <summary>An organization with a verified domain, whose members sign in through a provider.</summary>
    public async Task<SsoOrganization> OrganizationAsync(Action<JsonObject>? change = null, TestProvider? provider = null)
    {
        var owner = await TestPerson.SignUpAsync(Hub);
        var organization = new SsoOrganization(this, owner, $"d{Guid.CreateVersion7():N}.example", provider ?? Provider);
        await organization.VerifyAsync(organization.Domain);
        (await organization.SetAsync(change)).EnsureSuccessStatusCode();
        return organization;
    }
}

/// <summary>An organization, its owner and its provider.</summary>
public sealed partial class SsoOrganization(SsoFixture fixture, TestPerson owner, string domain, TestProvider provider) : IDisposable
{
    public TestPerson Owner => owner;
    public string Domain => domain;
    public string Slug => owner.Slug;
    public string Api => $"/v1/orgs/{owner.Slug}";

    /// <summary>As if the domain had shown its record.</summary>
    public async Task VerifyAsync(string name)
    {
        await fixture.ExecuteAsync("insert into identity.domains (organization_id, name, challenge, created_at, verified_at) values ($1, $2, 'x', now(), now())", owner.OrganizationId, name);
        await fixture.ExecuteAsync("insert into identity.verified_domains (name, directory_id) values ($1, $2)", name, owner.OrganizationId);
    }

    /// <summary>Sets the provider, with the ETag of the settings there are.</summary>
    public Task<HttpResponseMessage> SetAsync(Action<JsonObject>? change = null)
    {
        var settings = new JsonObject { ["issuer"] = provider.Issuer, ["clientId"] = TestProvider.ClientId, ["clientSecret"] = TestProvider.ClientSecret, ["joinRole"] = "developer" };
        change?.Invoke(settings);
        return owner.Client.ChangeAsync(HttpMethod.Put, $"{Api}/sso", settings);
    }

    /// <summary>Enforces it, with the owner behind the glass: by a password and an authenticator.</summary>
    public async Task EnforceAsync()
    {
        await fixture.ExecuteAsync("update identity.users set two_factor_enabled = true where id = $1", owner.UserId);
        (await SetAsync(settings => (settings["enforced"], settings["breakGlass"]) = (true, new JsonArray(owner.UserId.ToString())))).EnsureSuccessStatusCode();
    }

    /// <summary>Somebody whom the provider knows.</summary>
    public JsonObject Person(string? email = null, string? subject = null) =>
        new() { ["sub"] = subject ?? Guid.CreateVersion7().ToString("N"), ["email"] = email ?? $"{Guid.CreateVersion7():N}@{domain}", ["email_verified"] = true, ["name"] = "Ada <b>Lovelace</b>" };

    /// <summary>Goes to the provider and back; the answer of the Hub's callback.</summary>
    /// <param name="page">The sign-in page; default: for this organization.</param>
    public async Task<HttpResponseMessage> SignInAsync(Browser browser, JsonObject person, string? page = null) => await browser.GetAsync(await LeaveAsync(browser, person, page));

    /// <summary>Goes to the provider; the address of the Hub that it sends the browser back to.</summary>
    public async Task<string> LeaveAsync(Browser browser, JsonObject person, string? page = null)
    {
        provider.Person = person;
        await browser.GetAsync(page ?? $"/signin?organization={Slug}");
        await browser.SubmitAsync(("by", "organization"));
        return await AtProviderAsync(browser);
    }

    /// <summary>Follows the page that leads to the provider; the address of the Hub that it sends the browser back to.</summary>
    public static async Task<string> AtProviderAsync(Browser browser)
    {
        var address = System.Net.WebUtility.HtmlDecode(Departure().Match(browser.Page) is { Success: true } link ? link.Groups["address"].Value : throw new InvalidOperationException($"Leads to no provider: {browser.Page}"));
        using var elsewhere = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var answer = await elsewhere.GetAsync(address);
        return answer.Headers.Location?.PathAndQuery ?? throw new InvalidOperationException($"The provider answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
    }

    public void Dispose() => owner.Dispose();

    [GeneratedRegex("href=\"(?<address>[^\"]+)\" rel=\"noreferrer\"")]
    private static partial Regex Departure();
}
