using System.Collections.Concurrent;
using System.Net;
using System.Text;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodeZero.ClusterAgent.Tests;

/// <summary>The client against a server on the loopback that answers as a test says.</summary>
public sealed class ClusterApiTests : IDisposable
{
    private const string Discovery = """{"kind":"APIResourceList","resources":[{"name":"configmaps","kind":"ConfigMap","namespaced":true},{"name":"configmaps/status","kind":"ConfigMap","namespaced":true}]}""";
    private static readonly KubernetesObject s_map = new(ResourceKind.ConfigMap, "demo", "m");

    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly ConcurrentQueue<(int Status, string Body, string? RetryAfter)> _answers = new();
    private readonly ClusterApi _api;
    private readonly RenewedToken _token = new();

    public ClusterApiTests()
    {
        var port = FreePort();
        _listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        _listener.Start();
        _ = ServeAsync();
        _api = new(new(new($"http://127.0.0.1:{port}"), null, null, _token), TimeProvider.System);
    }

    public void Dispose()
    {
        _api.Dispose();
        _listener.Close();
    }

    [Fact]
    public async Task A_busy_server_is_asked_again_when_it_said()
    {
        Answer(429, """{"kind":"Status","code":429,"reason":"TooManyRequests"}""", retryAfter: "0");
        Answer(503, "a proxy's words");
        Answer(200, """{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"m"}}""");

        Assert.Equal("m", (await _api.FindAsync(s_map.Ref, default))!.Name);
        Assert.Equal(3, _requests.Count(request => request.StartsWith("GET /api/v1/namespaces/demo/configmaps/m", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_creation_that_may_have_happened_is_not_repeated()
    {
        Answer(500, """{"kind":"Status","code":500,"reason":"InternalError","message":"oops"}""");

        var error = await Assert.ThrowsAsync<ClusterApiException>(() => _api.CreateAsync(s_map, new("agent"), default));

        Assert.Equal("oops", error.Message);
        Assert.Single(_requests, request => request.StartsWith("POST", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_refused_token_is_renewed_once()
    {
        Answer(401, "{}");
        Answer(404, """{"kind":"Status","code":404,"reason":"NotFound"}""");

        Assert.Null(await _api.FindAsync(s_map.Ref, default));
        Assert.Equal(1, _token.Renewals);
    }

    [Fact]
    public async Task A_conflict_names_the_other_managers_and_fields()
    {
        Answer(409, """
            {"kind":"Status","code":409,"reason":"Conflict","message":"Apply failed with 1 conflict","details":{"causes":[
              {"reason":"FieldManagerConflict","message":"conflict with \"kubectl-edit\" using apps/v1","field":".spec.replicas"}]}}
            """);

        var error = await Assert.ThrowsAsync<ClusterApiException>(() => _api.ApplyAsync(s_map, new("agent", DryRun: true), default));

        Assert.Equal([("kubectl-edit", ".spec.replicas")], error.FieldConflicts);
        Assert.Contains(_requests, request => request.Contains("fieldManager=agent", StringComparison.Ordinal) && request.Contains("dryRun=All", StringComparison.Ordinal)
            && request.Contains("force=false", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_identity_is_named_in_each_request()
    {
        Answer(404, "{}");

        await _api.As("demo", "codezero-app").FindAsync(s_map.Ref, default);

        Assert.Contains(_requests, request => request.Contains("as system:serviceaccount:demo:codezero-app", StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_pages_of_a_list_are_read()
    {
        Answer(200, """{"kind":"ConfigMapList","metadata":{"continue":"a/b=","resourceVersion":"7"},"items":[{"metadata":{"name":"a"}}]}""");
        Answer(200, """{"kind":"ConfigMapList","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"b"}}]}""");

        var list = await _api.ListAsync(ResourceKind.ConfigMap, new("demo", "a=b"), default);

        Assert.Equal(["v1 ConfigMap a", "v1 ConfigMap b"], list.Items.Select(item => $"{item.Kind} {item.Name}"));
        Assert.Contains(_requests, request => request.Contains("continue=a%2Fb%3D", StringComparison.Ordinal) && request.Contains("labelSelector=a%3Db", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_kind_that_is_not_served_is_named()
    {
        var error = await Assert.ThrowsAsync<ClusterApiException>(() => _api.CreateAsync(new(new("v1", "Nothing"), "demo", "n"), new("agent"), default));

        Assert.Contains("v1 Nothing", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsNotFound);
    }

    [Fact]
    public async Task A_watch_goes_on_from_the_last_version_and_lists_again_when_that_is_too_old()
    {
        Answer(200, """{"metadata":{"resourceVersion":"10"},"items":[{"metadata":{"name":"a","uid":"1","resourceVersion":"9"}},{"metadata":{"name":"b","uid":"2","resourceVersion":"9"}}]}""");
        Answer(200, Event("MODIFIED", "a", 11) + Event("BOOKMARK", "", 15));
        Answer(200, """{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}""" + "\n");
        Answer(200, """{"metadata":{"resourceVersion":"20"},"items":[{"metadata":{"name":"a","uid":"1","resourceVersion":"11"}}]}""");
        var heard = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        var informer = new Informer(_api, ResourceKind.ConfigMap, new("demo"), (type, item) => heard.Enqueue($"{type} {item.Name}"), TimeProvider.System, NullLogger.Instance);

        var running = informer.RunAsync(stop.Token);
        await Eventually.HoldsAsync(() => heard.Count == 4);
        await stop.CancelAsync();
        await running;

        Assert.Equal(["Added a", "Added b", "Modified a", "Deleted b"], heard);
        Assert.Contains(_requests, request => request.Contains("resourceVersion=10", StringComparison.Ordinal));
        Assert.Contains(_requests, request => request.Contains("resourceVersion=15", StringComparison.Ordinal));
    }

    private static string Event(string type, string name, int version) =>
        $$$"""{"type":"{{{type}}}","object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","uid":"1","resourceVersion":"{{{version}}}" } } }""" + "\n";

    private void Answer(int status, string body, string? retryAfter = null) => _answers.Enqueue((status, body, retryAfter));

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            var path = context.Request.Url!.PathAndQuery;
            _requests.Enqueue($"{context.Request.HttpMethod} {path} as {context.Request.Headers["Impersonate-User"]}");
            var (status, body, retryAfter) = path == "/api/v1" ? (200, Discovery, null) : _answers.TryDequeue(out var next) ? next : (503, "{}", null);
            context.Response.StatusCode = status;
            if (retryAfter is not null)
                context.Response.Headers["Retry-After"] = retryAfter;
            context.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: false);
        }
    }

    private static int FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private sealed class RenewedToken : ClusterCredentials
    {
        public int Renewals { get; private set; }

        public override ValueTask<string?> GetTokenAsync(bool renew, CancellationToken ct)
        {
            Renewals += renew ? 1 : 0;
            return new("t");
        }
    }
}
