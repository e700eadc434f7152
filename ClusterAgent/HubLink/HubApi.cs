using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>What the Hub answered to the question for the desired state.</summary>
/// <param name="Envelope">The DSSE envelope as it came; null when nothing has changed.</param>
/// <param name="Next">After how long to ask again.</param>
internal sealed record StateAnswer(byte[]? Envelope, TimeSpan Next);

/// <summary>
/// The Hub's agent API (protocol §3–§5, §8): every request proves possession of the agent key (DPoP, RFC 9449); tokens are asked for by
/// <c>private_key_jwt</c> (RFC 7523) and renewed before they end. Nothing that comes back is trusted here: others verify it.
/// </summary>
internal sealed class HubApi(HttpClient http, Membership membership, ISigner key, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan TokenMargin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    /// <summary>No answer makes the agent wait longer, nor trust its own clock further.</summary>
    private const int MaxSeconds = 3600;

    private readonly SemaphoreSlim _tokenGate = new(1);
    private (string Text, DateTimeOffset Until)? _token;
    private Uri? _tokenEndpoint;

    /// <summary>A client for <see cref="HubApi"/>: no redirects, as no answer may move the agent to another Hub.</summary>
    /// <param name="allowInsecure">Also plain http to other machines: see <see cref="ProtectedTransport"/>.</param>
    public static HttpClient CreateHttpClient(bool allowInsecure) => new(new ProtectedTransport(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        ConnectTimeout = TimeSpan.FromSeconds(15),
        MaxConnectionsPerServer = 8,
    }, allowInsecure))
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = DsseEnvelope.MaxBytes,
        DefaultRequestHeaders = { UserAgent = { new ProductInfoHeaderValue("codezero-agent", AgentVersion.Text) } },
    };

    /// <summary>Joins with a one-time token.</summary>
    public static async Task<byte[]> EnrolAsync(HttpClient http, Uri hub, EnrolmentToken token, EnrolmentRequest request, CancellationToken ct)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(hub, AgentApi.Enrol)) { Content = Json(request.ToJson()) };
        message.Headers.Authorization = new(AgentApi.EnrolmentScheme, token.Reveal());
        using var response = await SendAsync(http, message, RequestTimeout, ct);
        return await response.Content.ReadAsByteArrayAsync(ct);
    }

    /// <summary>How the enrolment stands. Needs no token: the proof alone shows whose question it is.</summary>
    public static async Task<byte[]> GetEnrolmentAsync(HttpClient http, Uri hub, Guid organization, Guid cluster, ISigner key, DateTimeOffset now, CancellationToken ct)
    {
        var uri = new Uri(hub, AgentApi.EnrolmentOf(organization, cluster));
        using var message = new HttpRequestMessage(HttpMethod.Get, uri);
        message.Headers.Add(DpopProof.HeaderName, DpopProof.Create(key, "GET", WithoutQuery(uri), now));
        using var response = await SendAsync(http, message, RequestTimeout, ct);
        return await response.Content.ReadAsByteArrayAsync(ct);
    }

    /// <summary>The desired state, held by the Hub until it is newer than <paramref name="serial"/> or the wait is over.</summary>
    public async Task<StateAnswer> GetStateAsync(long? serial, TimeSpan wait, CancellationToken ct)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{AgentApi.State}?wait={(int)wait.TotalSeconds}");
        using var response = await SendAsync(HttpMethod.Get, path, null, wait + RequestTimeout, ct,
            serial is { } known ? request => request.Headers.IfNoneMatch.Add(new($"\"{known.ToString(CultureInfo.InvariantCulture)}\"")) : null);
        var next = response.Headers.TryGetValues(AgentApi.NextHeader, out var values) && int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(Math.Min(seconds, MaxSeconds))
            : TimeSpan.Zero;
        return new(response.StatusCode == HttpStatusCode.NotModified ? null : await response.Content.ReadAsByteArrayAsync(ct), next);
    }

    /// <summary>One document; null when the Hub does not have it for this cluster.</summary>
    public async Task<byte[]?> FindBlobAsync(Digest digest, CancellationToken ct)
    {
        try
        {
            using var response = await SendAsync(HttpMethod.Get, AgentApi.Blob(digest), null, RequestTimeout, ct);
            return await response.Content.ReadAsByteArrayAsync(ct);
        }
        catch (HubException e) when (e.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    public async Task<byte[]> GetStateKeysAsync(CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Get, AgentApi.StateKeys, null, RequestTimeout, ct);
        return await response.Content.ReadAsByteArrayAsync(ct);
    }

    public Task PostReportAsync(byte[] report, CancellationToken ct) => PostAsync(AgentApi.Reports, report, ct);

    public Task PostReceiptAsync(byte[] receipt, CancellationToken ct) => PostAsync(AgentApi.Receipts, receipt, ct);

    public void Dispose() => _tokenGate.Dispose();

    private async Task PostAsync(string path, byte[] json, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Post, path, json, RequestTimeout, ct);
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, byte[]? json, TimeSpan timeout, CancellationToken ct, Action<HttpRequestMessage>? prepare = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var token = await GetTokenAsync(ct);
            var uri = new Uri(membership.Hub, path);
            using var request = new HttpRequestMessage(method, uri) { Content = json is null ? null : Json(json) };
            request.Headers.Authorization = new("DPoP", token);
            request.Headers.Add(DpopProof.HeaderName, DpopProof.Create(key, method.Method, WithoutQuery(uri), clock.GetUtcNow(), token));
            prepare?.Invoke(request);
            try
            {
                return await SendAsync(http, request, timeout, ct);
            }
            catch (HubException e) when (e.Status == HttpStatusCode.Unauthorized && attempt == 1)
            {
                // The Hub may have lost its keys or this token its life early: one new token tells.
                _token = null;
            }
        }
    }

    private async Task<string> GetTokenAsync(CancellationToken ct)
    {
        await _tokenGate.WaitAsync(ct);
        try
        {
            if (_token is { } current && current.Until - TokenMargin > clock.GetUtcNow())
                return current.Text;
            _tokenEndpoint ??= await DiscoverAsync(ct);
            var now = clock.GetUtcNow();
            using var request = new HttpRequestMessage(HttpMethod.Post, _tokenEndpoint)
            {
                Content = new FormUrlEncodedContent(new Dictionary<string, string>
                {
                    ["grant_type"] = "client_credentials",
                    ["client_id"] = AgentApi.ClientId(membership.Organization, membership.Cluster),
                    ["client_assertion_type"] = ClientAssertion.Type,
                    ["client_assertion"] = ClientAssertion.Create(key, AgentApi.ClientId(membership.Organization, membership.Cluster), membership.Issuer, now),
                    ["scope"] = AgentApi.Scope,
                }),
            };
            request.Headers.Add(DpopProof.HeaderName, DpopProof.Create(key, "POST", _tokenEndpoint, now));
            using var response = await SendAsync(http, request, RequestTimeout, ct);
            var answer = await ReadJsonAsync(response, ct);
            if (answer.Text("access_token") is not { } token || answer.Number("expires_in") is not { } seconds)
                throw new HubException(response.StatusCode, "token.answer", "The token endpoint's answer has no access_token and expires_in.", null);
            _token = (token, now.AddSeconds(Math.Clamp(seconds, 0, MaxSeconds)));
            return token;
        }
        catch (HubException)
        {
            // It may have moved.
            _tokenEndpoint = null;
            throw;
        }
        finally
        {
            _tokenGate.Release();
        }
    }

    private async Task<Uri> DiscoverAsync(CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, membership.Issuer.TrimEnd('/') + "/.well-known/openid-configuration");
        using var response = await SendAsync(http, request, RequestTimeout, ct);
        var document = await ReadJsonAsync(response, ct);
        // OpenID Connect Discovery §4.3: the issuer must be the one that was asked.
        if (document.Text("issuer") != membership.Issuer || !Uri.TryCreate(document.Text("token_endpoint"), UriKind.Absolute, out var endpoint)
            || endpoint.Scheme is not ("https" or "http"))
            throw new HubException(response.StatusCode, "token.discovery", $"The discovery document at {request.RequestUri} is not that of {membership.Issuer}.", null);
        return endpoint;
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient http, HttpRequestMessage request, TimeSpan timeout, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(timeout);
        HttpResponseMessage response;
        try
        {
            response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The Hub did not answer {request.Method} {request.RequestUri?.AbsolutePath} within {timeout.TotalSeconds} s.");
        }
        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotModified)
            return response;
        using (response)
            throw await RefusalAsync(response, ct);
    }

    private static async Task<HubException> RefusalAsync(HttpResponseMessage response, CancellationToken ct)
    {
        var body = await ReadJsonAsync(response, ct);
        var retryAfter = response.Headers.RetryAfter?.Delta is { } asked ? TimeSpan.FromSeconds(Math.Min(asked.TotalSeconds, MaxSeconds)) : (TimeSpan?)null;
        return new(response.StatusCode,
            body.Text("code") ?? body.Text("error") ?? $"http.{(int)response.StatusCode}",
            body.Text("detail") ?? body.Text("error_description") ?? $"The Hub answered {(int)response.StatusCode} {response.ReasonPhrase}.", retryAfter);
    }

    private static async Task<JsonNode?> ReadJsonAsync(HttpResponseMessage response, CancellationToken ct)
    {
        try
        {
            return JsonNode.Parse(await response.Content.ReadAsByteArrayAsync(ct));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>RFC 9449 §4.2: <c>htu</c> has neither query nor fragment.</summary>
    private static Uri WithoutQuery(Uri uri) => new(uri.GetLeftPart(UriPartial.Path));

    private static ByteArrayContent Json(byte[] json) => new(json) { Headers = { ContentType = new("application/json") } };
}
