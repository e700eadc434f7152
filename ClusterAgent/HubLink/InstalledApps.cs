using System.Collections.Concurrent;
using CodeZero.ClusterAgent.Apps;

namespace CodeZero.ClusterAgent.HubLink;

/// <summary>The cluster's Apps as last heard of, and a nudge to whom it concerns when one changes.</summary>
internal sealed class InstalledApps(IAppStore apps, LinkBoard board)
{
    private readonly ConcurrentDictionary<AppKey, AppSnapshot> _known = new();
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when all Apps are known.</summary>
    public Task Synced => _synced.Task;

    /// <summary>The App of an install; null when there is none, or when the App of that name is another install's or nobody's.</summary>
    public AppSnapshot? Find(AppKey key, Guid install) =>
        _known.TryGetValue(key, out var app) && app.InstallId == install.ToString() ? app : null;

    public async Task RunAsync(CancellationToken ct)
    {
        await using var changes = apps.ChangesAsync(ct).GetAsyncEnumerator(ct);
        // Listening begins with the first question for a change; only then is a list complete.
        var next = changes.MoveNextAsync();
        foreach (var app in await apps.ListAsync(ct))
            _known.TryAdd(app.Key, app);
        _synced.TrySetResult();
        while (await next)
        {
            Hear(changes.Current);
            next = changes.MoveNextAsync();
        }
    }

    private void Hear(AppSnapshot app)
    {
        _known.TryGetValue(app.Key, out var before);
        if (app.IsGone)
            _known.TryRemove(app.Key, out _);
        else
            _known[app.Key] = app;
        if (app.InstallId is null)
            return;
        board.ToReport.Set();
        // Most changes are steps of a rollout, which is not the reconciler's business.
        if (before?.Essence != app.Essence || app.IsGone || app.IsRemoving || before?.Status.Phase != app.Status.Phase)
            board.ToReconcile.Set();
    }
}
