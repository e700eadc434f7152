using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>An App as it was last heard of.</summary>
/// <param name="InstallId">The install at the Hub; null for an App that others wrote.</param>
/// <param name="Revision">The install digest it was written for; null for an App that others wrote.</param>
/// <param name="IsRemoving">Deletion was asked for.</param>
/// <param name="IsGone">It is not there any more.</param>
internal sealed record AppSnapshot(
    AppKey Key, string? InstallId, string? Revision, string Edition, string? Version, string? ManifestDigest, long Generation, string Essence, AppStatus Status, bool IsRemoving, bool IsGone)
{
    public static AppSnapshot Of(AppResource app, bool gone = false) => new(
        app.Key, app.Object.Annotation(AppNames.InstallAnnotation), app.Object.Annotation(AppNames.RevisionAnnotation), app.Edition, app.Object.Annotation(AppNames.VersionAnnotation),
        app.Object.Annotation(AppNames.ManifestDigestAnnotation), app.Object.Generation, app.Essence, app.Status, app.Object.IsTerminating, gone);
}

/// <summary>Tells whoever listens of each change of an App or its status.</summary>
internal sealed class AppFeed
{
    private readonly Lock _lock = new();
    private readonly List<Channel<AppSnapshot>> _listeners = [];

    public void Publish(AppResource app, bool gone)
    {
        var snapshot = AppSnapshot.Of(app, gone);
        lock (_lock)
            foreach (var listener in _listeners)
                listener.Writer.TryWrite(snapshot);
    }

    /// <summary>The changes from now on, until cancelled. What was before is to be listed after the first call for the next change.</summary>
    public async IAsyncEnumerable<AppSnapshot> ListenAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var channel = Channel.CreateUnbounded<AppSnapshot>(new() { SingleReader = true });
        lock (_lock)
            _listeners.Add(channel);
        try
        {
            await foreach (var snapshot in channel.Reader.ReadAllAsync(ct))
                yield return snapshot;
        }
        finally
        {
            lock (_lock)
                _listeners.Remove(channel);
        }
    }
}
