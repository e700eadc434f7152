using System.Threading.Channels;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>
/// Keys waiting for work. A key stands in it once however often it is added; while it is worked on it is not given out again, and when it was added
/// meanwhile it comes back after <see cref="Done"/>.
/// </summary>
internal sealed class WorkQueue<TKey>(TimeProvider clock) : IDisposable where TKey : struct
{
    private readonly Lock _lock = new();
    private readonly Channel<TKey> _ready = Channel.CreateUnbounded<TKey>();
    private readonly HashSet<TKey> _waiting = [];
    private readonly HashSet<TKey> _working = [];
    private readonly Dictionary<TKey, (ITimer Timer, long DueAt)> _later = [];

    public void Add(TKey key)
    {
        lock (_lock)
            if (_waiting.Add(key) && !_working.Contains(key))
                _ready.Writer.TryWrite(key);
    }

    /// <summary>Adds the key when the delay is over; of several delays of one key the shortest counts.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        lock (_lock)
        {
            var due = clock.GetTimestamp() + (long)(delay.TotalSeconds * clock.TimestampFrequency);
            if (_later.TryGetValue(key, out var planned))
            {
                if (planned.DueAt <= due)
                    return;
                planned.Timer.Dispose();
            }
            _later[key] = (clock.CreateTimer(_ => Elapsed(key, due), null, delay, Timeout.InfiniteTimeSpan), due);
        }
    }

    /// <summary>Takes the next key; it must be given back with <see cref="Done"/>.</summary>
    public async ValueTask<TKey> TakeAsync(CancellationToken ct)
    {
        var key = await _ready.Reader.ReadAsync(ct);
        lock (_lock)
        {
            _waiting.Remove(key);
            _working.Add(key);
        }
        return key;
    }

    public void Done(TKey key)
    {
        lock (_lock)
        {
            _working.Remove(key);
            if (_waiting.Contains(key))
                _ready.Writer.TryWrite(key);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var (timer, _) in _later.Values)
                timer.Dispose();
            _later.Clear();
        }
    }

    private void Elapsed(TKey key, long due)
    {
        lock (_lock)
            if (_later.TryGetValue(key, out var planned) && planned.DueAt == due)
            {
                planned.Timer.Dispose();
                _later.Remove(key);
            }
        Add(key);
    }
}
