using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>
/// Follows all objects of a kind in a scope: lists them, then watches from there, goes on after each break from the last version seen, and lists
/// again when the server no longer knows that version. The handler hears of every object at least once, and of each change; after a break, only of the last one.
/// </summary>
internal sealed partial class Informer(
    IClusterApi api, ResourceKind kind, ListScope scope, Action<WatchEventType, KubernetesObject> handler, TimeProvider clock, ILogger log)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly Dictionary<ObjectRef, KubernetesObject> _known = [];
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the first list has been handed over.</summary>
    public Task Synced => _synced.Task;

    public async Task RunAsync(CancellationToken ct)
    {
        var wait = FirstWait;
        string? version = null;
        while (!ct.IsCancellationRequested)
            try
            {
                version ??= await ListAsync(ct);
                var began = clock.GetTimestamp();
                await foreach (var change in api.WatchAsync(kind, scope, version, ct))
                {
                    Take(change);
                    version = change.Object.ResourceVersion ?? version;
                    wait = FirstWait;
                }
                // A server that ends each watch at once must not be asked in a tight loop.
                if (clock.GetElapsedTime(began) < FirstWait)
                    await Task.Delay(FirstWait, clock, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
            }
            catch (ClusterApiException e) when (e.IsGone)
            {
                version = null;
            }
            catch (Exception e)
            {
                // Whatever it was: a watch that ended silently would leave the agent blind.
                Interrupted(log, kind, scope.Namespace ?? "all namespaces", wait.TotalSeconds, e.Message);
                version = null;
                await Task.Delay(wait * (0.5 + (Random.Shared.NextDouble() / 2)), clock, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
            }
    }

    private async Task<string> ListAsync(CancellationToken ct)
    {
        var list = await api.ListAsync(kind, scope, ct);
        var vanished = _known.Keys.Except(list.Items.Select(item => item.Ref)).ToList();
        foreach (var gone in vanished)
            Take(new(WatchEventType.Deleted, _known[gone]));
        foreach (var item in list.Items)
            Take(new(_known.ContainsKey(item.Ref) ? WatchEventType.Modified : WatchEventType.Added, item));
        _synced.TrySetResult();
        return list.ResourceVersion;
    }

    private void Take(WatchEvent change)
    {
        switch (change.Type)
        {
            case WatchEventType.Bookmark:
                return;
            case WatchEventType.Deleted:
                _known.Remove(change.Object.Ref);
                break;
            default:
                // After a new list most objects are as they were.
                if (_known.TryGetValue(change.Object.Ref, out var before) && before.ResourceVersion == change.Object.ResourceVersion && before.Uid == change.Object.Uid)
                    return;
                _known[change.Object.Ref] = IdentityOf(change.Object);
                break;
        }
        handler(change.Type, change.Object);
    }

    /// <summary>What is kept of each object: enough to tell a handler which one has gone, and nothing of what Secrets hold.</summary>
    private static KubernetesObject IdentityOf(KubernetesObject seen)
    {
        var identity = new KubernetesObject(seen.Kind, seen.Namespace, seen.Name);
        foreach (var field in (ReadOnlySpan<string>)["uid", "resourceVersion", "labels"])
            identity.Metadata[field] = seen.Metadata[field]?.DeepClone();
        return identity;
    }

    [LoggerMessage(6001, LogLevel.Warning, "The watch of {Kind} in {Scope} was interrupted; trying again in up to {Seconds} s: {Reason}")]
    private static partial void Interrupted(ILogger log, ResourceKind kind, string scope, double seconds, string reason);
}
