using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>A client that may send people here (RFC 6749 §2). Machines are no clients of this kind; modules name them by <c>IMachineClients</c>.</summary>
/// <param name="Id">Client identifier.</param>
/// <param name="Name">What people read on the consent page.</param>
/// <param name="RequireDpop">Requests to the token endpoint without a DPoP proof are refused (RFC 9449 §5.2).</param>
/// <param name="PublicKeys">With a key it is confidential and authenticates by <c>private_key_jwt</c>, and in no other way; without it is public.</param>
internal sealed record Client(
    string Id, string Name, bool IsEnabled, FrozenSet<string> RedirectUris, FrozenSet<string> Scopes, FrozenSet<string> Grants, bool RequireDpop, IReadOnlyList<P256PublicKey> PublicKeys)
{
    public const int MaxIdLength = 200;

    public bool IsPublic => PublicKeys.Count == 0;
}

/// <summary>The configured clients, and <c>czctl</c>.</summary>
internal sealed class ClientRegistry(IOptions<HubIdentityOptions> options)
{
    private readonly FrozenDictionary<string, Client> _clients = Read(options.Value);

    /// <summary>The client, enabled or not; null when there is none.</summary>
    public Client? Find(string id) => _clients.GetValueOrDefault(id);

    private static FrozenDictionary<string, Client> Read(HubIdentityOptions options) => options.Clients.Select(pair => ToClient(pair.Key, pair.Value))
        .Prepend(CommandLine).GroupBy(client => client.Id, StringComparer.Ordinal).ToFrozenDictionary(same => same.Key, same => same.Last(), StringComparer.Ordinal);

    /// <summary>The command line: a native application on the person's own machine (RFC 8252).</summary>
    private static Client CommandLine { get; } = new("czctl", "CodeZero command line (czctl)", IsEnabled: true, Set("http://127.0.0.1/callback"),
        Set(Protocol.Scopes.OpenId, Protocol.Scopes.OfflineAccess, Protocol.Scopes.Hub), Set([.. GrantTypes.OfPeople]), RequireDpop: true, PublicKeys: []);

    private static Client ToClient(string id, ClientOptions options) => new(id, options.Name, options.Enabled, Set([.. options.RedirectUris]), Set([.. options.Scopes]),
        Set(options.Grants.Count == 0 ? [.. GrantTypes.OfPeople] : [.. options.Grants]), options.RequireDpop, [.. options.PublicKeys.Select(key => P256PublicKey.TryParse(key)!)]);

    private static FrozenSet<string> Set(params string[] values) => values.ToFrozenSet(StringComparer.Ordinal);
}

/// <summary>Grants of the token endpoint (RFC 6749 §4).</summary>
internal static class GrantTypes
{
    public const string AuthorizationCode = "authorization_code";
    public const string RefreshToken = "refresh_token";
    public const string ClientCredentials = "client_credentials";

    /// <summary>The grants that act for a person.</summary>
    public static readonly IReadOnlyList<string> OfPeople = [AuthorizationCode, RefreshToken];

    public static readonly IReadOnlyList<string> Supported = [AuthorizationCode, RefreshToken, ClientCredentials];
}
