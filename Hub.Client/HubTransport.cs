using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace CodeZero.Hub.Client;

/// <summary>
/// Sends requests: authorizes each attempt anew, repeats what may be repeated, and turns refusals into <see cref="HubException"/>.
/// GET, PUT and DELETE are repeatable by HTTP's rules (RFC 9110 §9.2.2), POST by its <c>Idempotency-Key</c>; PATCH is sent once.
/// </summary>
internal sealed class HubTransport(HttpClient http, Uri hub, HubClientOptions options)
{
    public async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken ct) =>
        (await SendAsync(HttpMethod.Get, path, type, null, null, ct)).Value;

    public Task<Tagged<T>> GetTaggedAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken ct) =>
        SendAsync(HttpMethod.Get, path, type, null, null, ct);

    public async Task<T> PostAsync<TBody, T>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<T> type, CancellationToken ct) =>
        (await SendAsync(HttpMethod.Post, path, type, Json(body, bodyType), null, ct)).Value;

    public async Task<T> SendContentAsync<T>(HttpMethod method, string path, Func<HttpContent> content, JsonTypeInfo<T> type, CancellationToken ct) =>
        (await SendAsync(method, path, type, content, null, ct)).Value;

    /// <summary>Every item of a list, a page at a time, as the reader asks for them.</summary>
    public async IAsyncEnumerable<T> ListAsync<T>(string path, JsonTypeInfo<Page<T>> type, [EnumeratorCancellation] CancellationToken ct)
    {
        const string pageSize = "limit=100";
        var first = path + (path.Contains('?', StringComparison.Ordinal) ? '&' : '?') + pageSize;
        string? cursor = null;
        do
        {
            var page = await GetAsync(cursor is null ? first : $"{first}&cursor={Uri.EscapeDataString(cursor)}", type, ct);
            foreach (var item in page.Items)
                yield return item;
            cursor = page.Next;
        }
        while (cursor is not null);
    }

    public async Task DeleteAsync(string path, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Delete, path, null, null, ct);
    }

    public async Task<Tagged<T>> SendAsync<T>(
        HttpMethod method, string path, JsonTypeInfo<T> type, Func<HttpContent>? content, string? ifMatch, CancellationToken ct)
    {
        using var response = await SendAsync(method, path, content, ifMatch, ct);
        try
        {
            var value = JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(ct), type)
                ?? throw new JsonException("the body is null");
            return new(value, response.Headers.ETag?.ToString());
        }
        catch (JsonException e)
        {
            throw new HubException(response.StatusCode, "client.unreadable",
                $"The Hub's answer to {method} {path} is not what this version of the client understands ({e.Message}). Is {hub} a CodeZero Hub, and is this client as new as it?");
        }
    }

    public static Func<HttpContent> Json<T>(T body, JsonTypeInfo<T> type)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, type);
        return () => new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, Func<HttpContent>? content, string? ifMatch, CancellationToken ct)
    {
        var idempotencyKey = method == HttpMethod.Post ? Guid.CreateVersion7().ToString() : null;
        var repeatable = method != HttpMethod.Patch;
        var recovered = false;
        for (var attempt = 1; ; attempt++)
        {
            using var request = new HttpRequestMessage(method, new Uri(hub, path)) { Content = content?.Invoke() };
            request.Headers.Accept.ParseAdd("application/json");
            if (idempotencyKey is not null)
                request.Headers.Add("Idempotency-Key", idempotencyKey);
            if (ifMatch is not null)
                request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            if (options.Credentials is { } credentials)
                await credentials.AuthorizeAsync(request, ct);

            HttpResponseMessage response;
            var mayRepeat = repeatable && attempt < options.Attempts;
            try
            {
                response = await http.SendAsync(request, ct);
            }
            catch (Exception e) when (IsConnectionLoss(e, ct))
            {
                if (!mayRepeat)
                    throw new HubUnreachableException(hub, Reason(e), e);
                await PauseAsync(Backoff(attempt), ct);
                continue;
            }
            if (response.IsSuccessStatusCode)
                return response;

            using (response)
            {
                if (response.StatusCode == HttpStatusCode.Unauthorized && !recovered && options.Credentials is { } known && await known.RecoverAsync(response, ct))
                {
                    recovered = true;
                    attempt--;
                    continue;
                }
                var pause = RetryAfter(response) ?? Backoff(attempt);
                if (mayRepeat && IsPassing(response.StatusCode) && pause <= options.LongestPause)
                {
                    await PauseAsync(pause, ct);
                    continue;
                }
                throw await ProblemReader.ReadAsync(response, RetryAfter(response), ct);
            }
        }
    }

    private Task PauseAsync(TimeSpan pause, CancellationToken ct) => Task.Delay(pause, options.Time, ct);

    private TimeSpan Backoff(int attempt)
    {
        var ceiling = Math.Min(options.LongestPause.TotalMilliseconds, options.FirstPause.TotalMilliseconds * (1 << (attempt - 1)));
        return TimeSpan.FromMilliseconds(ceiling * Random.Shared.NextDouble());
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > options.Time.GetUtcNow() => date - options.Time.GetUtcNow(),
        { Date: not null } => TimeSpan.Zero,
        _ => null,
    };

    private static bool IsPassing(HttpStatusCode status) =>
        status is HttpStatusCode.TooManyRequests or HttpStatusCode.InternalServerError
            or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private static bool IsConnectionLoss(Exception e, CancellationToken ct) =>
        e is HttpRequestException || (e is TaskCanceledException && !ct.IsCancellationRequested);

    private static string Reason(Exception e) => e switch
    {
        TaskCanceledException => "it did not answer in time",
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its name cannot be resolved",
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => "its certificate is not trusted (" + (e.InnerException?.Message ?? e.Message) + ")",
        { InnerException: { } inner } => inner.Message,
        _ => e.Message,
    };
}
