using Microsoft.Extensions.Hosting;

namespace CodeZero.Hub.Clusters.States;

/// <summary>
/// The requests of this replica that wait for something to happen to their cluster. A wait is one small object and a timer: no thread, no connection,
/// no transaction.
/// </summary>
internal sealed class StateWaits
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, List<Wait>> _waits = [];
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _clock;

    public StateWaits(IHostApplicationLifetime lifetime, TimeProvider clock)
    {
        (_lifetime, _clock) = (lifetime, clock);
        lifetime.ApplicationStopping.Register(WakeAll);
    }

    /// <summary>Whether the server is going down: everybody is to come back soon, to another replica.</summary>
    public bool Stopping => _lifetime.ApplicationStopping.IsCancellationRequested;

    /// <summary>Begins to listen. Do it before looking at the database, so that no change falls between.</summary>
    public Wait Listen(Guid cluster)
    {
        var wait = new Wait(this, cluster);
        lock (_lock)
        {
            if (!_waits.TryGetValue(cluster, out var waits))
                _waits[cluster] = waits = new(1);
            waits.Add(wait);
        }
        return wait;
    }

    /// <summary>How many requests are held for this cluster here: they have looked, and wait.</summary>
    public int HeldOf(Guid cluster)
    {
        lock (_lock)
            return _waits.GetValueOrDefault(cluster)?.Count(wait => wait.IsHeld) ?? 0;
    }

    /// <summary>Something happened to this cluster: all who wait for it look again.</summary>
    public void Wake(Guid cluster)
    {
        lock (_lock)
            foreach (var wait in _waits.GetValueOrDefault(cluster) ?? [])
                wait.Signal();
    }

    /// <summary>Something may have happened to any cluster: notifications were missed, or the server stops.</summary>
    public void WakeAll()
    {
        lock (_lock)
            foreach (var wait in _waits.Values.SelectMany(waits => waits))
                wait.Signal();
    }

    private void Forget(Wait wait, Guid cluster)
    {
        lock (_lock)
            if (_waits.TryGetValue(cluster, out var waits) && waits.Remove(wait) && waits.Count == 0)
                _waits.Remove(cluster);
    }

    /// <summary>One request's wait.</summary>
    internal sealed class Wait(StateWaits owner, Guid cluster) : IDisposable
    {
        private TaskCompletionSource _signal = New();
        private volatile bool _isHeld;

        public bool IsHeld => _isHeld;

        /// <summary>Until something happened since the last call (or since it began to listen), the time is up, or the server stops; says nothing about which.</summary>
        /// <exception cref="OperationCanceledException">The client has gone.</exception>
        public async Task NextAsync(TimeSpan atMost, CancellationToken gone)
        {
            _isHeld = true;
            try
            {
                await _signal.Task.WaitAsync(atMost, owner._clock, gone);
                _signal = New();
            }
            catch (TimeoutException)
            {
            }
            finally
            {
                _isHeld = false;
            }
        }

        public void Signal() => Volatile.Read(ref _signal).TrySetResult();

        public void Dispose() => owner.Forget(this, cluster);

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
