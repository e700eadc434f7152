using System.Collections.Concurrent;
using System.Net;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Outbound;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Sso;

/// <summary>A provider as it described itself, and its keys.</summary>
internal sealed record KnownProvider(ProviderMetadata Metadata, IReadOnlyList<ClientKey> Keys, DateTimeOffset ReadAt);

/// <summary>What providers say of themselves, remembered for some minutes. Everything is fetched by <see cref="GuardedHttp"/>: an organization says where from.</summary>
internal sealed class SsoDirectory([FromKeyedServices(SsoDirectory.Http)] GuardedHttp http, IOptions<HubIdentityOptions> options, TimeProvider clock)
{
    /// <summary>The key of the service that makes the requests.</summary>
    public const string Http = "sso";

    private const int MostRemembered = 1000;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>How often a provider is read again at most because of a key that is not known: tokens with made-up keys must not make the Hub ask all the time.</summary>
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, KnownProvider> _known = new(StringComparer.Ordinal);

    /// <summary>What is wrong with an issuer as an address, as a sentence; null when nothing is.</summary>
    public string? FindFault(string issuer)
    {
        if (!Uri.TryCreate(issuer, UriKind.Absolute, out var address) || !http.Takes(address) || address.Query.Length + address.Fragment.Length > 0 || issuer.Any(character => character is <= ' ' or > '~'))
            return "An issuer is an https address without query, fragment or user, such as https://login.example.com.";
        return issuer.TrimEnd('/') == options.Value.Issuer ? "The Hub cannot be its own provider." : null;
    }

    public async Task<(KnownProvider? Provider, SsoFault? Fault)> FindAsync(string issuer, CancellationToken ct) =>
        _known.TryGetValue(issuer, out var known) && clock.GetUtcNow() - known.ReadAt < Lifetime ? (known, null) : await ReadAsync(issuer, ct);

    /// <summary>The provider with the keys it has now, when what is known is not just as fresh.</summary>
    public async Task<KnownProvider> LookAgainAsync(KnownProvider known, CancellationToken ct) =>
        clock.GetUtcNow() - known.ReadAt < BetweenLooks ? known : (await ReadAsync(known.Metadata.Issuer, ct)).Provider ?? known;

    /// <summary>Reads document and keys anew, and says at which step that ends.</summary>
    public async Task<(KnownProvider? Provider, SsoFault? Fault)> ReadAsync(string issuer, CancellationToken ct)
    {
        if (FindFault(issuer) is { } wrong)
            return (null, new(SsoStep.Address, wrong));
        var (document, missing) = await GetAsync(ProviderMetadata.AddressOf(issuer), ct);
        if (document is null)
            return (null, missing);
        var (metadata, fault) = ProviderMetadata.Read(document, issuer, http.Takes);
        if (metadata is null)
            return (null, fault);
        var (set, unread) = await GetAsync(metadata.KeySet, ct);
        if (set is null)
            return (null, new(SsoStep.Keys, $"The keys (jwks_uri) cannot be read. {unread!.Reason}"));
        if (ProviderMetadata.ReadKeys(set) is not { Count: > 0 } keys)
            return (null, new(SsoStep.Keys, "The key set (jwks_uri) has no key for ES256, PS256 or RS256: P-256, or RSA of 2048 to 4096 bits."));
        var provider = new KnownProvider(metadata, keys, clock.GetUtcNow());
        if (_known.Count >= MostRemembered)
            _known.Clear();
        return (_known[issuer] = provider, null);
    }

    private async Task<(byte[]? Body, SsoFault? Fault)> GetAsync(Uri address, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "Accept", "application/json" } } };
        return await http.SendAsync(request, ct) switch
        {
            Fetched.Answer { Status: HttpStatusCode.OK } answer => (answer.Body, null),
            Fetched.Answer { Status: >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest } => (null, new(SsoStep.Discovery, $"{address.IdnHost} redirects elsewhere, which is not followed. Write the issuer as its own discovery document has it.")),
            Fetched.Answer answer => (null, new(SsoStep.Discovery, $"{address.IdnHost} answers with status {(int)answer.Status}, not 200.")),
            Fetched.Failed failed => (null, Describe(failed.Fault, address.IdnHost)),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Why there was no answer, for who wrote the address.</summary>
    private static SsoFault Describe(FetchFault fault, string host) => fault switch
    {
        FetchFault.Address => new(SsoStep.Address, $"The address on {host} is no https address."),
        FetchFault.Name => new(SsoStep.Dns, $"The DNS knows no address of {host}."),
        FetchFault.Network => new(SsoStep.Connection, $"{host} is in a network that this Hub does not reach into. Whoever runs the Hub can allow private networks (Hub:Identity:Sso:AllowPrivateNetworks)."),
        FetchFault.Connection => new(SsoStep.Connection, $"{host} does not take connections."),
        FetchFault.Tls => new(SsoStep.Tls, $"{host} has no certificate that is good for this name and trusted here."),
        FetchFault.Timeout => new(SsoStep.Discovery, $"{host} does not answer within {GuardedHttp.Patience.TotalSeconds:0} seconds."),
        _ => new(SsoStep.Discovery, $"{host} answers with more than {GuardedHttp.MaxBytes / 1024} kB."),
    };
}
