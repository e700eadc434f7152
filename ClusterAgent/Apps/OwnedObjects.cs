using CodeZero.ClusterAgent.Kubernetes;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>
/// Watches the objects of Apps, so that a deleted Deployment is noticed at once. There is one watch per namespace and kind, as the namespace's own
/// service account: the agent itself cannot read the Secrets of the cluster.
/// </summary>
internal sealed class OwnedObjects(IClusterApi api, Action<AppKey> changed, TimeProvider clock, ILogger log) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<ResourceKind, Task>> _watches = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CancellationTokenSource> _stops = new(StringComparer.Ordinal);

    /// <summary>Watches these kinds there, from now on.</summary>
    public void Watch(string ns, IEnumerable<ResourceKind> kinds)
    {
        lock (_lock)
        {
            if (!_watches.TryGetValue(ns, out var running))
            {
                _watches[ns] = running = [];
                _stops[ns] = new();
            }
            foreach (var kind in kinds)
                if (!running.ContainsKey(kind))
                {
                    var scope = new ListScope(ns, $"{AppNames.ManagedByLabel}={AppNames.ManagedByValue}");
                    var informer = new Informer(api.As(ns, AppNames.ServiceAccount), kind, scope, (_, item) => Heard(ns, item), clock, log);
                    running[kind] = informer.RunAsync(_stops[ns].Token);
                }
        }
    }

    /// <summary>No App is left there.</summary>
    public void Forget(string ns)
    {
        lock (_lock)
        {
            if (_stops.Remove(ns, out var stop))
                stop.Cancel();
            _watches.Remove(ns);
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<Task> running;
        lock (_lock)
        {
            running = [.. _watches.Values.SelectMany(kinds => kinds.Values)];
            foreach (var stop in _stops.Values)
                stop.Cancel();
            _watches.Clear();
        }
        await Task.WhenAll(running);
        foreach (var stop in _stops.Values)
            stop.Dispose();
    }

    private void Heard(string ns, KubernetesObject item)
    {
        if (item.Label(AppNames.AppLabel) is { } app)
            changed(new(ns, app));
    }
}
