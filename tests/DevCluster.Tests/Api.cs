using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace CodeZero.DevCluster.Tests;

/// <summary>An answer of the API.</summary>
public sealed record Reply(int Code, JsonNode Body, HttpResponseHeaders Headers)
{
    public string? Text(params string[] path) => (string?)At(path);

    public JsonNode? At(params string[] path) => path.Aggregate((JsonNode?)Body, (node, name) => node is JsonArray a ? a[int.Parse(name, System.Globalization.CultureInfo.InvariantCulture)] : node?[name]);

    public string ResourceVersion => Text("metadata", "resourceVersion")!;

    public override string ToString() => $"{Code} {Body.ToJsonString()}";
}

/// <summary>The Kubernetes REST API, bare.</summary>
/// <param name="token">Bearer token, null for none.</param>
/// <param name="certificate">Client certificate, null for none.</param>
public sealed class Api(Uri server, string caPem, string? token, X509Certificate2? certificate = null) : IDisposable
{
    public HttpClient Http { get; } = Client(server, caPem, token, certificate);

    public static Api To(DevClusterServer server) => new(server.Url, server.CertificateAuthorityPem, server.AdminToken);

    /// <summary>The same API, on behalf of someone else.</summary>
    public Api As(string user, params string[] groups)
    {
        var other = new Api(server, caPem, token, certificate);
        other.Http.DefaultRequestHeaders.Add("Impersonate-User", user);
        foreach (var group in groups)
            other.Http.DefaultRequestHeaders.Add("Impersonate-Group", group);
        return other;
    }

    /// <summary>The same API with another token, or none.</summary>
    public Api WithToken(string? other) => new(server, caPem, other);

    private static HttpClient Client(Uri server, string caPem, string? token, X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { X509Certificate2.CreateFromPem(caPem) },
        };
        if (certificate is not null)
            handler.SslOptions.ClientCertificates = [certificate];
        var client = new HttpClient(handler) { BaseAddress = server };
        if (token is not null)
            client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Reply> PostAsync(string path, JsonObject body) => SendAsync(HttpMethod.Post, path, "application/json", body.ToJsonString());

    public Task<Reply> PutAsync(string path, JsonNode body) => SendAsync(HttpMethod.Put, path, "application/json", body.ToJsonString());

    public Task<Reply> MergeAsync(string path, string patch) => SendAsync(HttpMethod.Patch, path, "application/merge-patch+json", patch);

    public Task<Reply> ApplyAsync(string path, string manager, string yaml, bool force = false) =>
        SendAsync(HttpMethod.Patch, $"{path}?fieldManager={manager}&force={(force ? "true" : "false")}", "application/apply-patch+yaml", yaml);

    public Task<Reply> DeleteAsync(string path, string? options = null) => SendAsync(HttpMethod.Delete, path, "application/json", options);

    public async Task<Reply> SendAsync(HttpMethod method, string path, string? contentType = null, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8) { Headers = { ContentType = new(contentType!) } };
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new((int)response.StatusCode, text.StartsWith('{') ? JsonNode.Parse(text)! : JsonValue.Create(text)!, response.Headers);
    }

    public void Dispose() => Http.Dispose();
}

/// <summary>A watch being read, event by event.</summary>
public sealed class Watch : IAsyncDisposable
{
    private readonly HttpResponseMessage response;
    private readonly StreamReader reader;

    private Watch(HttpResponseMessage response, StreamReader reader) => (this.response, this.reader) = (response, reader);

    public static async Task<Watch> OpenAsync(Api api, string pathAndQuery)
    {
        var response = await api.Http.GetAsync(pathAndQuery, HttpCompletionOption.ResponseHeadersRead);
        return new(response, new(await response.Content.ReadAsStreamAsync()));
    }

    /// <summary>The next event, null at the end; a minute without one is an error.</summary>
    public async Task<(string Type, JsonNode Object)?> NextAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        if (await reader.ReadLineAsync(deadline.Token) is not { } line)
            return null;
        var e = JsonNode.Parse(line)!;
        return ((string)e["type"]!, e["object"]!);
    }

    /// <summary>The next event that is no bookmark, as <c>ADDED name</c>.</summary>
    public async Task<string> NextNameAsync()
    {
        while (await NextAsync() is { } e)
            if (e.Type != "BOOKMARK")
                return $"{e.Type} {e.Object["metadata"]?["name"]}";
        return "END";
    }

    public ValueTask DisposeAsync()
    {
        reader.Dispose();
        response.Dispose();
        return ValueTask.CompletedTask;
    }
}
