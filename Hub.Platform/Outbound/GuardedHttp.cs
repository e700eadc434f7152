using System.Net;
using System.Net.Sockets;

namespace CodeZero.Hub.Platform.Outbound;

/// <summary>
/// HTTP to addresses that somebody gave, who may mean harm (server-side request forgery): https alone, names resolved here and connected to by the address that was looked at, so that a
/// name that changes its mind gains nothing; no private, loopback, link-local or metadata addresses; no proxies, redirects, cookies or trace headers; bounded in time and size.
/// One instance serves all requests of a process.
/// </summary>
public sealed class GuardedHttp : IDisposable
{
    /// <summary>The longest body that is read.</summary>
    public const int MaxBytes = 256 * 1024;

    private const int MaxHeaderKilobytes = 32;

    /// <summary>How long a request may take, with everything.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly bool _allowPrivateNetworks;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly HttpMessageInvoker _http;

    /// <param name="allowPrivateNetworks">Lets it reach private and loopback addresses too, and http on this machine's own loopback: for a Hub whose users may reach them anyway.</param>
    public GuardedHttp(bool allowPrivateNetworks) : this(allowPrivateNetworks, System.Net.Dns.GetHostAddressesAsync)
    {
    }

    internal GuardedHttp(bool allowPrivateNetworks, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
    {
        (_allowPrivateNetworks, _resolve) = (allowPrivateNetworks, resolve);
        _http = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = MaxHeaderKilobytes,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectCallback = ConnectAsync,
        });
    }

    /// <summary>Whether an address is one that is asked at all; whether it is reached, the connection tells.</summary>
    public bool Takes(Uri address) => address.IsAbsoluteUri && address.UserInfo.Length == 0
        && (address.Scheme == Uri.UriSchemeHttps || (_allowPrivateNetworks && address.Scheme == Uri.UriSchemeHttp && address.IsLoopback));

    public async Task<Fetched> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        if (request.RequestUri is not { } address || !Takes(address))
            return new Fetched.Failed(FetchFault.Address);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        try
        {
            using var response = await _http.SendAsync(request, limit.Token);
            return await ReadAsync(response, limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new Fetched.Failed(FetchFault.Timeout);
        }
        catch (HttpRequestException e)
        {
            return new Fetched.Failed(e.InnerException is RefusedException refused ? refused.Fault : e.HttpRequestError == HttpRequestError.SecureConnectionError ? FetchFault.Tls : FetchFault.Connection);
        }
        catch (IOException)
        {
            return new Fetched.Failed(FetchFault.Connection);
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<Fetched> ReadAsync(HttpResponseMessage response, CancellationToken ct)
    {
        await using var body = await response.Content.ReadAsStreamAsync(ct);
        var bytes = new byte[MaxBytes + 1];
        var read = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        return read > MaxBytes ? new Fetched.Failed(FetchFault.TooLarge) : new Fetched.Answer(response.StatusCode, bytes[..read]);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var addresses = await FindAddressesAsync(context.DnsEndPoint.Host, ct);
        if (addresses.Length == 0)
            throw new RefusedException(FetchFault.Name);
        if (!addresses.All(address => OutboundAddresses.IsAllowed(address, _allowPrivateNetworks))) // one is enough: which of them is connected to is chance
            throw new RefusedException(FetchFault.Network);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<IPAddress[]> FindAddressesAsync(string host, CancellationToken ct)
    {
        if (IPAddress.TryParse(host, out var literal))
            return [literal];
        try
        {
            return await _resolve(host, ct);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    /// <summary>Carries the reason through the handler, which wraps what a connection throws.</summary>
    private sealed class RefusedException(FetchFault fault) : Exception($"Not connected: {fault}")
    {
        public FetchFault Fault => fault;
    }
}
