using System.Collections.Concurrent;
using System.Text.Json;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.ClusterAgent.Policy;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>
/// Keeps every App of the cluster as it is desired, whoever wrote it, with or without a Hub: hears of changes of Apps, of their objects, of the policy and
/// the settings, and looks at everything again every few minutes. One App is worked on by one worker at a time.
/// </summary>
internal sealed partial class AppController : IAsyncDisposable
{
    private readonly IClusterApi _api;
    private readonly AppReconciler _reconciler;
    private readonly AppControllerOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<AppController> _log;
    private readonly WorkQueue<AppKey> _queue;
    private readonly OwnedObjects _owned;
    private readonly AppFeed _feed;
    private readonly ConcurrentDictionary<AppKey, string> _essences = new();
    private readonly ConcurrentDictionary<AppKey, (long Generation, int Count)> _tries = new();

    private volatile Task _synced = Task.FromException(new InvalidOperationException("The controller has not started."));

    public AppController(IClusterApi api, AppReconciler reconciler, AppFeed feed, AppControllerOptions options, TimeProvider clock, ILoggerFactory logs)
    {
        (_api, _reconciler, _feed, _options, _clock) = (api, reconciler, feed, options, clock);
        _log = logs.CreateLogger<AppController>();
        _queue = new(clock);
        _owned = new(api, key => Wake(key), clock, logs.CreateLogger<OwnedObjects>());
    }

    /// <summary>Whether the Apps of the cluster are known.</summary>
    public bool IsReady => _synced.IsCompletedSuccessfully;

    /// <summary>Works until it is told to stop, which may be at any time; only a fault makes it end otherwise, with an exception.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            await AppDefinition.InstallAsync(_api, _clock, ct);
            await WorkTogetherAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
        }
    }

    private async Task WorkTogetherAsync(CancellationToken ct)
    {
        var apps = new Informer(_api, AppResource.ResourceKind, new(), Heard, _clock, _log);
        var rules = new Informer(_api, ResourceKind.ConfigMap, new(_options.Namespace), RulesChanged, _clock, _log);
        _synced = apps.Synced;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var token = stop.Token;
        Task[] parts = [apps.RunAsync(token), rules.RunAsync(token), ResyncAsync(token), .. Enumerable.Range(0, _options.Workers).Select(_ => WorkAsync(token))];

        // None of them ends by itself: when one does, it is a fault that must end the process, not leave it half alive.
        await Task.WhenAny(parts);
        await stop.CancelAsync();
        await Task.WhenAll(parts);
    }

    public async ValueTask DisposeAsync()
    {
        await _owned.DisposeAsync();
        _queue.Dispose();
    }

    private void Heard(WatchEventType type, KubernetesObject item)
    {
        var app = new AppResource(item);
        _feed.Publish(app, gone: type == WatchEventType.Deleted);
        if (type == WatchEventType.Deleted)
        {
            _essences.TryRemove(app.Key, out _);
            _tries.TryRemove(app.Key, out _);
            if (!_essences.Keys.Any(key => key.Namespace == app.Key.Namespace))
                _owned.Forget(app.Key.Namespace);
        }
        else if (_essences.GetValueOrDefault(app.Key) != app.Essence)
        {
            _essences[app.Key] = app.Essence;
            Wake(app.Key);
        }
    }

    private void RulesChanged(WatchEventType type, KubernetesObject configMap)
    {
        if (configMap.Name is LocalPolicy.ConfigMapName or AgentSettings.ConfigMapName)
            foreach (var key in _essences.Keys)
                Wake(key);
    }

    /// <summary>Something has changed for the App, so it may be tried again however often it failed before.</summary>
    private void Wake(AppKey key)
    {
        if (_essences.ContainsKey(key))
            _queue.Add(key);
    }

    private async Task ResyncAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(_options.Resync, _clock);
        while (await timer.WaitForNextTickAsync(ct))
            foreach (var key in _essences.Keys)
                if (_tries.GetValueOrDefault(key).Count < _options.MaxRetries)
                    _queue.Add(key);
    }

    private async Task WorkAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            var key = await _queue.TakeAsync(ct);
            try
            {
                Settle(key, await _reconciler.ReconcileAsync(key, ct));
            }
            catch (Exception e) when (e is HttpRequestException or TimeoutException or IOException or InvalidDataException or JsonException)
            {
                // Not the App's fault: the cluster was not reachable, which says nothing about the App.
                Unreachable(_log, key, _options.RetryBase.TotalSeconds, e.Message);
                _queue.AddAfter(key, _options.RetryBase);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A defect met by one App must not stop the others.
                Faulted(_log, e, key);
                Retry(key, _tries.GetValueOrDefault(key).Generation);
            }
            finally
            {
                _queue.Done(key);
            }
        }
    }

    private void Settle(AppKey key, ReconcileResult? result)
    {
        if (result is null)
        {
            _tries.TryRemove(key, out _);
            return;
        }
        if (result.Owned.Count > 0)
            _owned.Watch(key.Namespace, result.Owned);
        if (result.Retry)
            Retry(key, result.Generation);
        else
            _tries.TryRemove(key, out _);
        if (result.After is { } after)
            _queue.AddAfter(key, after);
    }

    private void Retry(AppKey key, long generation)
    {
        var tries = _tries.AddOrUpdate(key, (generation, 1), (_, before) => before.Generation == generation ? (generation, before.Count + 1) : (generation, 1));
        if (RetryDelay(tries.Count, _options) is { } delay)
            _queue.AddAfter(key, delay);
        else
            GaveUp(_log, key, _options.MaxRetries);
    }

    /// <summary>Base × 2ⁿ, at most the ceiling; null when there were enough tries.</summary>
    internal static TimeSpan? RetryDelay(int tries, AppControllerOptions options)
    {
        if (tries > options.MaxRetries)
            return null;
        var delay = options.RetryBase * Math.Pow(2, tries - 1);
        return delay < options.RetryCeiling ? delay : options.RetryCeiling;
    }

    [LoggerMessage(6020, LogLevel.Warning, "App {App}: the cluster could not be reached; trying again in {Seconds} s: {Reason}")]
    private static partial void Unreachable(ILogger log, AppKey app, double seconds, string reason);

    [LoggerMessage(6021, LogLevel.Error, "App {App}: the agent failed on it")]
    private static partial void Faulted(ILogger log, Exception fault, AppKey app);

    [LoggerMessage(6022, LogLevel.Warning, "App {App}: given up after {Tries} tries, until the App, its objects or the policy change")]
    private static partial void GaveUp(ILogger log, AppKey app, int tries);
}
