using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Auth;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Runs all controllers in one loop: writes come in, the objects they touch queue up once each, and are reconciled in turn.</summary>
internal sealed partial class ControllerHost : IAsyncDisposable
{
    private static readonly TimeSpan ErrorDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RaceDelay = TimeSpan.FromMilliseconds(10);

    private readonly ObjectStore store;
    private readonly TimeProvider clock;
    private readonly ILogger log;
    private readonly IController[] controllers;
    private readonly Queue<(IController Controller, ObjectKey Key)> queue = new();
    private readonly HashSet<(IController, ObjectKey)> queued = [];
    private readonly PriorityQueue<(IController Controller, ObjectKey Key), DateTimeOffset> later = new();
    private readonly Dictionary<(IController, ObjectKey), DateTimeOffset> due = [];
    private readonly CancellationTokenSource stop = new();
    private Task loop = Task.CompletedTask;

    public ControllerHost(ResourceService service, DevClusterOptions options, string caPem, ServiceAccountTokens tokens, ILogger log)
    {
        (store, clock, this.log) = (service.Store, options.Clock, log);
        var cluster = new Cluster(service, options.Clock);
        controllers =
        [
            new NamespaceController(cluster, caPem), new GarbageCollector(cluster), new CustomResourceCleanup(cluster), new TokenSecretController(cluster, tokens, caPem), new RoleAggregation(cluster),
            new DeploymentController(cluster), new ReplicaSetController(cluster), new StatefulSetController(cluster), new DaemonSetController(cluster), new JobController(cluster), new CronJobController(cluster),
            new VolumeController(cluster), new Kubelet(cluster, options), new EndpointsController(cluster), new DisruptionController(cluster), new EventExpiry(cluster),
        ];
    }

    public void Start() => loop = Task.Run(RunAsync);

    private async Task RunAsync()
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                using var watcher = store.WatchAll();
                foreach (var stored in store.Resources.SelectMany(r => store.List(r)))
                    Touch(new(ChangeType.Added, stored.ResourceVersion, stored, null));
                await FollowAsync(watcher);     // ends only when the buffer overran: then everything is looked at again
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task FollowAsync(ObjectStore.Watcher watcher)
    {
        while (true)
        {
            while (watcher.Events.TryRead(out var change))
                Touch(change);
            if (watcher.Closed)
                return;
            TakeDue();
            if (queue.TryDequeue(out var next))
            {
                queued.Remove(next);
                Reconcile(next.Controller, next.Key);
                continue;
            }
            await WaitAsync(watcher);
        }
    }

    private async Task WaitAsync(ObjectStore.Watcher watcher)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var written = watcher.Events.WaitToReadAsync(wait.Token).AsTask();
        if (!later.TryPeek(out _, out var at))
        {
            await written;
            return;
        }
        var delay = at - clock.GetUtcNow();
        var timer = Task.Delay(delay > TimeSpan.Zero ? delay : TimeSpan.Zero, clock, wait.Token);
        await Task.WhenAny(written, timer);
        await wait.CancelAsync();
        stop.Token.ThrowIfCancellationRequested();
        // Both tasks are observed, so that a cancelled one does not linger as an unobserved exception.
        await Task.WhenAll(written, timer).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Touch(StoreEvent change)
    {
        foreach (var controller in controllers)
            foreach (var key in controller.Touched(change))
                Enqueue((controller, key));
    }

    private void Enqueue((IController, ObjectKey) item)
    {
        if (queued.Add(item))
            queue.Enqueue(item);
    }

    private void TakeDue()
    {
        var now = clock.GetUtcNow();
        while (later.TryPeek(out var item, out var at) && at <= now)
        {
            later.Dequeue();
            if (due.TryGetValue(item, out var wanted) && wanted == at)
            {
                due.Remove(item);
                Enqueue(item);
            }
        }
    }

    private void Reconcile(IController controller, ObjectKey key)
    {
        TimeSpan? again;
        try
        {
            again = controller.Reconcile(key);
        }
        catch (StatusException e) when (e.Code is 404 or 409)
        {
            again = RaceDelay;
        }
        catch (StatusException e) when (e.Code is 403 or 422)
        {
            again = ErrorDelay;     // the object asks for what the API refuses; its owner may correct it
        }
        catch (Exception e)         // a bug with one object must not stop the others
        {
            Failed(log, controller.GetType().Name, key, e);
            again = ErrorDelay;
        }
        due.Remove((controller, key));
        if (again is not { } delay)
            return;
        var at = clock.GetUtcNow() + delay;
        due[(controller, key)] = at;
        later.Enqueue((controller, key), at);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await loop;
        stop.Dispose();
    }

    [LoggerMessage(2, LogLevel.Error, "{Controller} failed at {Key}")]
    private static partial void Failed(ILogger log, string controller, ObjectKey key, Exception e);
}
