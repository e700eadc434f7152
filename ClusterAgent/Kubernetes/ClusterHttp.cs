using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>
/// Requests to an API server. One that may be repeated is tried up to four times when the server is busy or unreachable (429, 5xx, a broken connection),
/// waiting as <c>Retry-After</c> says or 0.25 s × 2ⁿ with jitter; each try may take 30 s.
/// </summary>
internal sealed class ClusterHttp(ClusterConfig config, TimeProvider clock) : IDisposable
{
    /// <summary>How long one try may take.</summary>
    public static readonly TimeSpan TryTimeout = TimeSpan.FromSeconds(30);

    private const int MaxTries = 4;
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = config.CreateClient();
    private readonly ClusterCredentials _credentials = config.Credentials;
    private readonly string _server = config.Server.AbsoluteUri.TrimEnd('/');

    /// <param name="repeatable">Whether doing it twice is as good as once.</param>
    /// <param name="actAs">The user to act as; null acts as oneself.</param>
    public async Task<JsonNode?> SendAsync(
        HttpMethod method, string path, JsonNode? body, string? contentType, bool repeatable, string? actAs, CancellationToken ct)
    {
        var text = body?.ToJsonString();
        for (var attempt = 1; ; attempt++)
        {
            var wait = TimeSpan.FromSeconds(0.25 * (1 << attempt) * (0.5 + Random.Shared.NextDouble() / 2));
            using var timeout = new CancellationTokenSource(TryTimeout, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
            try
            {
                using var response = await SendOnceAsync(method, path, text, contentType, actAs, streaming: false, either.Token);
                if (response.IsSuccessStatusCode)
                    return await ReadJsonAsync(response, either.Token);
                throw await FailureAsync(response, either.Token);
            }
            catch (ClusterApiException e) when (attempt < MaxTries && e.IsTransient && (repeatable || e.RetryAfter is not null))
            {
                // Retry-After says that the server did not take the request on.
                wait = e.RetryAfter is { } asked ? (asked < MaxRetryAfter ? asked : MaxRetryAfter) : wait;
            }
            catch (HttpRequestException) when (attempt < MaxTries && repeatable)
            {
            }
            catch (OperationCanceledException) when (timeout.IsCancellationRequested && !ct.IsCancellationRequested)
            {
                if (attempt == MaxTries || !repeatable)
                    throw new TimeoutException($"The API server did not answer {method} {path} within {TryTimeout.TotalSeconds:0} s.");
            }
            await Task.Delay(wait, clock, ct);
        }
    }

    /// <summary>A GET whose answer has no end; the caller reads and disposes it.</summary>
    public async Task<HttpResponseMessage> StreamAsync(string path, string? actAs, CancellationToken ct)
    {
        var response = await SendOnceAsync(HttpMethod.Get, path, null, null, actAs, streaming: true, ct);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await FailureAsync(response, ct);
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpMethod method, string path, string? body, string? contentType, string? actAs, bool streaming, CancellationToken ct)
    {
        for (var renewed = false; ; renewed = true)
        {
            using var request = new HttpRequestMessage(method, _server + path);
            request.Headers.Accept.Add(new("application/json"));
            request.Headers.UserAgent.Add(new("codezero-agent", AgentVersion.Text));
            if (await _credentials.GetTokenAsync(renewed, ct) is { } token)
                request.Headers.Authorization = new("Bearer", token);
            if (actAs is not null)
                request.Headers.Add("Impersonate-User", actAs);
            if (body is not null)
                request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(contentType!));

            var response = await _http.SendAsync(request, streaming ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead, ct);
            if (response.StatusCode != HttpStatusCode.Unauthorized || renewed)
                return response;
            response.Dispose();
        }
    }

    private static async Task<ClusterApiException> FailureAsync(HttpResponseMessage response, CancellationToken ct)
    {
        JsonNode? body = null;
        try
        {
            body = await ReadJsonAsync(response, ct);
        }
        catch (JsonException)
        {
            // A proxy in between answers in its own words; the status code says enough.
        }
        return ClusterApiException.From(response.StatusCode, body, response.Headers.RetryAfter?.Delta);
    }

    private static async Task<JsonNode?> ReadJsonAsync(HttpResponseMessage response, CancellationToken ct)
    {
        if (response.Content.Headers.ContentLength == 0)
            return null;
        await using var stream = await response.Content.ReadAsStreamAsync(ct);
        return await JsonNode.ParseAsync(stream, cancellationToken: ct);
    }

    public void Dispose() => _http.Dispose();
}
