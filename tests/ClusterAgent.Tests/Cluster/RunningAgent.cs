using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodeZero.ClusterAgent.Tests.Cluster;

/// <summary>The App controller at work in a test cluster, with short times.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    public static readonly AppControllerOptions Quick = new()
    {
        RetryBase = TimeSpan.FromMilliseconds(300),
        HealthPoll = TimeSpan.FromMilliseconds(200),
        WavePoll = TimeSpan.FromMilliseconds(50),
    };

    private readonly CancellationTokenSource _stop = new();
    private readonly AppController _controller;
    private readonly Task _running;

    public RunningAgent(IClusterApi api, AppControllerOptions? options = null)
    {
        var (gate, feed) = (new NamespaceGate(api, TimeProvider.System), new AppFeed());
        options ??= Quick;
        var admission = new AppAdmission(api, options, NullLogger<AppAdmission>.Instance);
        var reconciler = new AppReconciler(api, admission, gate, options, TimeProvider.System, NullLogger<AppReconciler>.Instance);
        Store = new AppStore(api, admission, gate, feed);
        _controller = new(api, reconciler, feed, options, TimeProvider.System, NullLoggerFactory.Instance);
        _running = _controller.RunAsync(_stop.Token);
    }

    public static RunningAgent Start(IClusterApi api) => new(api);

    public IAppStore Store { get; }

    public bool IsReady => _controller.IsReady;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _controller.DisposeAsync();
        _stop.Dispose();
    }
}

/// <summary>A cluster that fails the agent where a test says so: the cable is pulled before a write.</summary>
internal sealed class FaultyApi(IClusterApi inner, Func<KubernetesObject, bool> breaksBefore) : IClusterApi
{
    public IClusterApi As(string ns, string serviceAccount) => new FaultyApi(inner.As(ns, serviceAccount), breaksBefore);

    public Task<string> GetVersionAsync(CancellationToken ct) => inner.GetVersionAsync(ct);

    public Task<ResourceMapping?> FindMappingAsync(ResourceKind kind, CancellationToken ct) => inner.FindMappingAsync(kind, ct);

    public Task<KubernetesObject?> FindAsync(ObjectRef target, CancellationToken ct) => inner.FindAsync(target, ct);

    public Task<ObjectList> ListAsync(ResourceKind kind, ListScope scope, CancellationToken ct, int? limit = null) => inner.ListAsync(kind, scope, ct, limit);

    public IAsyncEnumerable<WatchEvent> WatchAsync(ResourceKind kind, ListScope scope, string resourceVersion, CancellationToken ct) =>
        inner.WatchAsync(kind, scope, resourceVersion, ct);

    public Task<KubernetesObject> ApplyAsync(KubernetesObject desired, WriteOptions options, CancellationToken ct) =>
        !options.DryRun && breaksBefore(desired) ? throw new HttpRequestException("The cable was pulled.") : inner.ApplyAsync(desired, options, ct);

    public Task<KubernetesObject> CreateAsync(KubernetesObject desired, WriteOptions options, CancellationToken ct) =>
        breaksBefore(desired) ? throw new HttpRequestException("The cable was pulled.") : inner.CreateAsync(desired, options, ct);

    public Task<KubernetesObject> UpdateAsync(KubernetesObject desired, WriteOptions options, CancellationToken ct) => inner.UpdateAsync(desired, options, ct);

    public Task<KubernetesObject> PatchAsync(ObjectRef target, PatchType type, JsonNode patch, WriteOptions options, CancellationToken ct) =>
        inner.PatchAsync(target, type, patch, options, ct);

    public Task DeleteAsync(ObjectRef target, DeleteOptions options, CancellationToken ct) => inner.DeleteAsync(target, options, ct);
}
