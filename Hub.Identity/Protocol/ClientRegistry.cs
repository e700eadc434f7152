using System.Collections.Frozen;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Every client: those of the configuration with <c>czctl</c>, those that organizations registered, and the machines of other modules.</summary>
internal sealed class ClientRegistry(IOptions<HubIdentityOptions> options, IServiceScopeFactory scopes, TimeProvider clock)
{
    private readonly FrozenDictionary<string, Client> _configured = Read(options.Value);

    /// <summary>The client, enabled or not; null when there is none. Always as it is now: a client that was just disabled is.</summary>
    public async Task<Client?> FindAsync(string id, CancellationToken ct)
    {
        if (_configured.TryGetValue(id, out var configured))
            return configured;
        if (id.Length > Client.MaxIdLength)
            return null;
        await using var scope = scopes.CreateAsyncScope(); // its own: the caller's may already work for an organization
        if (RegisteredClientId.TryParse(id) is { } registered)
            return await FindRegisteredAsync(scope.ServiceProvider, registered, ct);
        foreach (var module in scope.ServiceProvider.GetServices<IMachineClients>())
            if (await module.FindAsync(id, ct) is { } machine)
                return Client.Of(machine);
        return null;
    }

    private async Task<Client?> FindRegisteredAsync(IServiceProvider services, RegisteredClientId id, CancellationToken ct)
    {
        services.GetRequiredService<Tenant>().Enter(id.OrganizationId);
        var db = services.GetRequiredService<IdentityDb>();
        return await db.InTransactionAsync(async () =>
        {
            if (await db.Clients.AsNoTracking().SingleOrDefaultAsync(client => client.Id == id.Id, ct) is not { } client)
                return null;
            var now = clock.GetUtcNow();
            var secrets = await db.ClientSecrets.AsNoTracking().Where(secret => secret.ClientId == id.Id && secret.ExpiresAt > now).ToListAsync(ct);
            return client.ToClient(secrets);
        }, ct);
    }

    private static FrozenDictionary<string, Client> Read(HubIdentityOptions options) => options.Clients.Select(pair => ToClient(pair.Key, pair.Value))
        .Prepend(CommandLine).GroupBy(client => client.Id, StringComparer.Ordinal).ToFrozenDictionary(same => same.Key, same => same.Last(), StringComparer.Ordinal);

    /// <summary>The command line: a native application on the person's own machine (RFC 8252).</summary>
    private static Client CommandLine { get; } = new()
    {
        Id = "czctl",
        Name = "CodeZero command line (czctl)",
        RedirectUris = ["http://127.0.0.1/callback"],
        Scopes = [Scopes.OpenId, Scopes.OfflineAccess, Scopes.Hub, Scopes.Email],
        Grants = [.. GrantTypes.Default, GrantTypes.DeviceCode, GrantTypes.TokenExchange],
        RequireDpop = true,
    };

    private static Client ToClient(string id, ClientOptions options) => new()
    {
        Id = id,
        Name = options.Name,
        IsEnabled = options.Enabled,
        AuthenticationMethod = options.PublicKeys.Count > 0 ? ClientAuthenticationMethods.PrivateKeyJwt : options.Secrets.Count > 0 ? ClientAuthenticationMethods.SecretBasic : ClientAuthenticationMethods.None,
        AssertionAlgorithm = options.AssertionAlgorithm,
        Keys = [.. options.PublicKeys.Select(key => ClientKey.TryParse(key)!)],
        Secrets = [.. options.Secrets.Select(secret => new ClientSecret(Convert.FromHexString(secret.Sha256), secret.ExpiresAt))],
        RedirectUris = [.. options.RedirectUris],
        PostLogoutRedirectUris = [.. options.PostLogoutRedirectUris],
        Scopes = [.. options.Scopes],
        Grants = [.. options.Grants.Count == 0 ? GrantTypes.Default : options.Grants.AsReadOnly()],
        Resources = [.. options.Resources],
        Serves = [.. options.Serves],
        RequireDpop = options.RequireDpop,
        RequirePar = options.RequirePar,
        IdTokenAlgorithm = options.IdTokenAlgorithm,
    };
}
