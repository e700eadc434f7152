using System.Text.Json;
using CodeZero.Hub.Platform.Messaging;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Hub.Platform.Security;

/// <summary>
/// The keys that access tokens are verified with, from the issuer's discovery document (OpenID Connect Discovery 1.0 §4). Read at the first use, again every five minutes,
/// at once when a token names a key that is not there (at most every ten seconds), and at once when a replica says that keys were replaced as compromised.
/// What is no longer published verifies nothing: there is no last known good configuration.
/// </summary>
internal sealed class IssuerKeys : BaseConfigurationManager, IConfigurationManager<OpenIdConnectConfiguration>, IDisposable
{
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMinutes(5), AtMostEvery = TimeSpan.FromSeconds(10);

    /// <summary>So long the keys do without an issuer that cannot be read.</summary>
    private static readonly TimeSpan LastAtMost = TimeSpan.FromHours(1);

    /// <summary>Another replica may answer with the old keys, until it has heard too.</summary>
    private static readonly TimeSpan DistrustAfterReplacement = TimeSpan.FromMinutes(1);

    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionLifetime = ReadAgainAfter }) { Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = 1 << 20 };
    private readonly SemaphoreSlim _reading = new(1);
    private readonly string _address;
    private readonly TimeProvider _clock;
    private readonly IDisposable _subscription;
    private volatile Known? _known;
    private volatile bool _refreshRequested;
    private int _replacements;

    public IssuerKeys(IOptions<AccessTokenOptions> options, TimeProvider clock, INotifications notifications)
    {
        UseLastKnownGoodConfiguration = false;
        _clock = clock;
        _address = options.Value.MetadataAddress?.AbsoluteUri ?? $"{options.Value.Issuer}/.well-known/openid-configuration";
        _subscription = notifications.Subscribe(AccessTokens.KeysReplacedChannel, _ => Interlocked.Increment(ref _replacements));
    }

    /// <param name="ReadAt">When the keys were read.</param>
    /// <param name="TriedAt">When that was last tried.</param>
    /// <param name="Replacements">How many had been heard of when they were asked for.</param>
    /// <param name="DistrustedUntil">What was read before this time may hold keys that were replaced.</param>
    private sealed record Known(OpenIdConnectConfiguration Configuration, DateTimeOffset ReadAt, DateTimeOffset TriedAt, int Replacements, DateTimeOffset DistrustedUntil)
    {
        public bool IsDistrusted => ReadAt < DistrustedUntil;
    }

    /// <exception cref="IssuerUnavailableException">The issuer cannot be read, and no keys are known that could do for now.</exception>
    public async Task<OpenIdConnectConfiguration> GetConfigurationAsync(CancellationToken cancel)
    {
        if (FindFresh() is { } fresh)
            return fresh;
        await _reading.WaitAsync(cancel);
        try
        {
            return FindFresh() ?? await ReadAsync(cancel);
        }
        finally
        {
            _reading.Release();
        }
    }

    public override async Task<BaseConfiguration> GetBaseConfigurationAsync(CancellationToken cancel) => await GetConfigurationAsync(cancel);

    /// <summary>A token was signed by a key that is not among these.</summary>
    public override void RequestRefresh() => _refreshRequested = true;

    public void Dispose()
    {
        _subscription.Dispose();
        _reading.Dispose();
        _http.Dispose();
    }

    /// <summary>What is known, while it need not be read again.</summary>
    private OpenIdConnectConfiguration? FindFresh()
    {
        var now = _clock.GetUtcNow();
        return _known is { } known && known.Replacements == Volatile.Read(ref _replacements) && known.TriedAt <= now
            && now - known.TriedAt < (_refreshRequested || known.IsDistrusted ? AtMostEvery : ReadAgainAfter) ? known.Configuration : null;
    }

    private async Task<OpenIdConnectConfiguration> ReadAsync(CancellationToken cancel)
    {
        var (now, replacements) = (_clock.GetUtcNow(), Volatile.Read(ref _replacements));
        try
        {
            _refreshRequested = false;
            // AccessTokenOptions lets http pass on this machine only; a MetadataAddress is the operator's own network.
            var configuration = await OpenIdConnectConfigurationRetriever.GetAsync(_address, new HttpDocumentRetriever(_http) { RequireHttps = false }, cancel);
            var distrustedUntil = _known is not { } before ? now : before.Replacements == replacements ? before.DistrustedUntil : now + DistrustAfterReplacement;
            _known = new(configuration, now, now, replacements, distrustedUntil);
            return configuration;
        }
        catch (Exception e) when (e is IOException or JsonException or ArgumentException or InvalidOperationException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            if (_known is not { IsDistrusted: false } known || known.Replacements != replacements || now - known.ReadAt >= LastAtMost)
                throw new IssuerUnavailableException(e);
            return (_known = known with { TriedAt = now }).Configuration;
        }
    }
}
