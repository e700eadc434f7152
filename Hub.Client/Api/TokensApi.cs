namespace CodeZero.Hub.Client;

/// <summary>The signed-in person's access tokens, and API keys of organizations. Making one needs a sign-in of the last minutes; no token makes tokens.</summary>
public sealed class TokensApi
{
    private readonly HubTransport _hub;

    internal TokensApi(HubTransport hub) => _hub = hub;

    /// <summary>The oldest first, the newest of those that ended too.</summary>
    public IAsyncEnumerable<PersonalToken> ListAsync(CancellationToken ct = default) => _hub.ListAsync("v1/me/tokens", WireJson.Default.PagePersonalToken, ct);

    public Task<MadePersonalToken> CreateAsync(NewPersonalToken token, CancellationToken ct = default) =>
        _hub.PostAsync("v1/me/tokens", token, WireJson.Default.NewPersonalToken, WireJson.Default.MadePersonalToken, ct);

    public Task RevokeAsync(Guid token, CancellationToken ct = default) => _hub.DeleteAsync(Address.Of($"v1/me/tokens/{token}"), ct);

    /// <summary>The oldest first, the newest of those that ended too.</summary>
    public IAsyncEnumerable<ApiKey> KeysAsync(string org, CancellationToken ct = default) => _hub.ListAsync(Address.Of($"v1/orgs/{org}/keys"), WireJson.Default.PageApiKey, ct);

    public Task<MadeApiKey> CreateKeyAsync(string org, NewApiKey key, CancellationToken ct = default) =>
        _hub.PostAsync(Address.Of($"v1/orgs/{org}/keys"), key, WireJson.Default.NewApiKey, WireJson.Default.MadeApiKey, ct);

    public Task RevokeKeyAsync(string org, Guid key, CancellationToken ct = default) => _hub.DeleteAsync(Address.Of($"v1/orgs/{org}/keys/{key}"), ct);
}
