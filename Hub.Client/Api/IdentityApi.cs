namespace CodeZero.Hub.Client;

/// <summary>The signed-in person and organizations.</summary>
public sealed class IdentityApi
{
    private readonly HubTransport _hub;

    internal IdentityApi(HubTransport hub) => _hub = hub;

    /// <summary>Who is signed in. An API key is nobody, and refused.</summary>
    public Task<Account> MeAsync(CancellationToken ct = default) => _hub.GetAsync("v1/me", WireJson.Default.Account, ct);

    /// <summary>The caller's organizations; of an API key, its own.</summary>
    public IAsyncEnumerable<MyOrganization> OrganizationsAsync(CancellationToken ct = default) =>
        _hub.ListAsync("v1/orgs", WireJson.Default.PageMyOrganization, ct);

    public Task<Organization> OrganizationAsync(string org, CancellationToken ct = default) =>
        _hub.GetAsync(Address.Of($"v1/orgs/{org}"), WireJson.Default.Organization, ct);

    /// <param name="slug">Null lets the Hub derive one from the name.</param>
    public Task<Organization> CreateOrganizationAsync(string name, string? slug = null, CancellationToken ct = default) =>
        _hub.PostAsync("v1/orgs", new NewOrganization(name, slug), WireJson.Default.NewOrganization, WireJson.Default.Organization, ct);
}
