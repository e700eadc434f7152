namespace CodeZero.Hub.Client;

/// <summary>
/// The Hub's public API, typed. Refusals are <see cref="HubException"/>, silence is <see cref="HubUnreachableException"/>, a missing sign-in
/// <see cref="NotSignedInException"/>. Safe for concurrent use; make one per Hub and keep it.
/// </summary>
public sealed class HubClient : IDisposable
{
    private const long MaxResponseBytes = 16 << 20;
    private readonly HttpClient _http;

    /// <param name="hub">The Hub's address: https, or http on this machine.</param>
    /// <param name="handler">What sends the requests; null for a connection pool of its own.</param>
    /// <exception cref="ArgumentException">The address would send tokens in clear text over a network, or is no absolute http(s) URL.</exception>
    public HubClient(Uri hub, HubClientOptions? options = null, HttpMessageHandler? handler = null)
    {
        Hub = CheckAddress(hub);
        _http = new HttpClient(handler ?? new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        }) { MaxResponseContentBufferSize = MaxResponseBytes, Timeout = TimeSpan.FromSeconds(100) };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd($"codezero-client/{typeof(HubClient).Assembly.GetName().Version?.ToString(3)}");
        var transport = new HubTransport(_http, Hub, options ?? new HubClientOptions());
        Identity = new(transport);
        Members = new(transport);
        Audit = new(transport);
        Tokens = new(transport);
        Apps = new(transport);
        Clusters = new(transport);
        Installs = new(transport);
    }

    /// <summary>The Hub's address.</summary>
    public Uri Hub { get; }

    /// <summary>The signed-in person and organizations.</summary>
    public IdentityApi Identity { get; }

    /// <summary>Members and invitations.</summary>
    public MembersApi Members { get; }

    /// <summary>What was done in an organization.</summary>
    public AuditApi Audit { get; }

    /// <summary>Personal access tokens and API keys.</summary>
    public TokensApi Tokens { get; }

    /// <summary>Publishing and the catalogue.</summary>
    public AppsApi Apps { get; }

    /// <summary>Clusters and their enrolment.</summary>
    public ClustersApi Clusters { get; }

    /// <summary>Installs and approvals.</summary>
    public InstallsApi Installs { get; }

    public void Dispose() => _http.Dispose();

    private static Uri CheckAddress(Uri hub)
    {
        ArgumentNullException.ThrowIfNull(hub);
        if (!hub.IsAbsoluteUri || (hub.Scheme != Uri.UriSchemeHttps && hub.Scheme != Uri.UriSchemeHttp))
            throw new ArgumentException($"\"{hub.OriginalString}\" is no Hub address. It is written https://hub.example.com.", nameof(hub));
        if (hub.Scheme == Uri.UriSchemeHttp && !hub.IsLoopback)
            throw new ArgumentException($"{hub} would send access tokens over the network in clear text. Use its https address; http works only for a Hub on this machine.", nameof(hub));
        return hub.AbsolutePath.EndsWith('/') ? hub : new Uri(hub + "/");
    }
}
