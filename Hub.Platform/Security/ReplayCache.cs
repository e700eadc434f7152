using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace CodeZero.Hub.Platform.Security;

/// <summary>
/// What may be used once: DPoP proofs, client assertions. Shared by all replicas through an unlogged table, kept until the thing has expired by itself.
/// After a crash of PostgreSQL the table is empty; a proof of the last minute, stolen together with the means to use it, could then be used a second time.
/// <para>
/// One statement is under way at a time, and takes along all that came up during the one before: a Hub at rest asks at once, and a busy one asks seldom.
/// </para>
/// </summary>
public sealed class ReplayCache(NpgsqlDataSource database)
{
    /// <summary>How many things one statement takes along.</summary>
    private const int MaxTogether = 500;

    /// <summary>All wait for the statement that is under way, so it may not take as long as others.</summary>
    private const int TimeoutSeconds = 5;

    private readonly Lock _lock = new();
    private readonly Queue<Use> _waiting = [];
    private bool _isWriting;

    /// <summary>Uses a thing up. False when it was used before, also when two replicas try at once. Who stops waiting has used it up nevertheless.</summary>
    /// <param name="kind">What it is, such as <c>dpop</c>: the same id under another kind is another thing.</param>
    /// <param name="id">What makes it unique; only its hash is kept.</param>
    /// <param name="expiresAt">When it is refused for its age anyway.</param>
    public Task<bool> TryUseAsync(string kind, string id, DateTimeOffset expiresAt, CancellationToken ct)
    {
        var use = new Use(SHA256.HashData(Encoding.UTF8.GetBytes($"{kind}:{id}")), expiresAt.UtcDateTime);
        bool isIdle;
        lock (_lock)
        {
            _waiting.Enqueue(use);
            (isIdle, _isWriting) = (!_isWriting, true);
        }
        if (isIdle)
            _ = WriteWaitingAsync();
        return use.IsFirst.Task.WaitAsync(ct);
    }

    private async Task WriteWaitingAsync()
    {
        while (TakeWaiting() is { Count: > 0 } uses)
        {
            try
            {
                await WriteAsync(uses);
            }
            catch (Exception e) // whatever it is, each of those who wait is to hear of it
            {
                foreach (var use in uses)
                    use.IsFirst.TrySetException(e);
            }
        }
    }

    private List<Use> TakeWaiting()
    {
        lock (_lock)
        {
            var uses = new List<Use>(Math.Min(_waiting.Count, MaxTogether));
            while (uses.Count < MaxTogether && _waiting.TryDequeue(out var use))
                uses.Add(use);
            _isWriting = uses.Count > 0;
            return uses;
        }
    }

    private async Task WriteAsync(List<Use> uses)
    {
        // In order, so that replicas with the same things in hand wait for each other in the same direction.
        uses.Sort((one, other) => one.Id.AsSpan().SequenceCompareTo(other.Id));
        await using var insert = database.CreateCommand("insert into platform.replays (id, expires_at) select * from unnest($1, $2) on conflict do nothing returning id");
        insert.CommandTimeout = TimeoutSeconds;
        insert.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = [.. uses.Select(use => use.Id)] });
        insert.Parameters.Add(new NpgsqlParameter<DateTime[]> { TypedValue = [.. uses.Select(use => use.ExpiresAt)] });
        var inserted = new HashSet<string>(StringComparer.Ordinal);
        await using (var rows = await insert.ExecuteReaderAsync())
            while (await rows.ReadAsync())
                inserted.Add(Convert.ToHexString(rows.GetFieldValue<byte[]>(0)));
        foreach (var use in uses)
            use.IsFirst.TrySetResult(inserted.Remove(Convert.ToHexString(use.Id))); // of two alike that came together, one was inserted
    }

    private sealed record Use(byte[] Id, DateTime ExpiresAt)
    {
        public TaskCompletionSource<bool> IsFirst { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
