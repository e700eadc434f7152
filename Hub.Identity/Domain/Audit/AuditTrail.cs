using System.Runtime.CompilerServices;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Data;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Which entries of the audit log. What is absent does not narrow.</summary>
/// <param name="Actor">Who: id or name.</param>
/// <param name="Action">What: an action, or its beginning and <c>.*</c>.</param>
/// <param name="Target">To what: id or name.</param>
/// <param name="From">Not before.</param>
/// <param name="To">Before.</param>
internal sealed record AuditFilter(string? Actor, string? Action, string? Target, DateTimeOffset? From, DateTimeOffset? To)
{
    public static AuditFilter Everything { get; } = new(null, null, null, null, null);

    public IQueryable<AuditRecord> Of(IQueryable<AuditRecord> entries)
    {
        if (Actor is not null)
            entries = entries.Where(entry => entry.ActorId == Actor || entry.ActorName == Actor);
        if (Action is not null && Action.EndsWith(".*", StringComparison.Ordinal) && Action[..^1] is var beginning)
            entries = entries.Where(entry => entry.Action.StartsWith(beginning));
        else if (Action is not null)
            entries = entries.Where(entry => entry.Action == Action);
        if (Target is not null)
            entries = entries.Where(entry => entry.TargetId == Target || entry.TargetName == Target);
        if (From?.ToUniversalTime() is { } from)
            entries = entries.Where(entry => entry.OccurredAt >= from);
        if (To?.ToUniversalTime() is { } to)
            entries = entries.Where(entry => entry.OccurredAt < to);
        return entries;
    }
}

/// <summary>What a check of the whole log found.</summary>
/// <param name="State">Of the chain as far as it fits together.</param>
/// <param name="Known">Whether the head that the caller knew from before still stands; null when they gave none.</param>
internal sealed record AuditVerification(AuditChainState State, bool? Known);

/// <summary>Reads the audit log of the organization that the scope works for, in short transactions: whoever reads slowly holds nothing up.</summary>
internal sealed class AuditTrail(IdentityDb db)
{
    private const int BatchSize = 500;

    /// <summary>Every entry that is there now, the oldest first.</summary>
    public async IAsyncEnumerable<AuditRecord> ReadAsync(AuditFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        var end = await db.InTransactionAsync(() => db.AuditEvents.MaxAsync(entry => (long?)entry.Sequence, ct), ct) ?? 0;
        List<AuditRecord> batch;
        var last = 0L;
        do
        {
            batch = await db.InTransactionAsync(() => filter.Of(db.AuditEvents.AsNoTracking())
                .Where(entry => entry.Sequence > last && entry.Sequence <= end).OrderBy(entry => entry.Sequence).Take(BatchSize).ToListAsync(ct), ct);
            foreach (var entry in batch)
                yield return entry;
            last = batch.Count > 0 ? batch[^1].Sequence : last;
        }
        while (batch.Count == BatchSize);
    }

    /// <summary>Recomputes the chain from its first entry to its last.</summary>
    /// <param name="known">A head as it was told before: the number and hash of an entry.</param>
    public async Task<AuditVerification> VerifyAsync((long Sequence, byte[] Hash)? known, CancellationToken ct)
    {
        var (state, stands) = (AuditChainState.Empty, known is null ? (bool?)null : false);
        await foreach (var entry in ReadAsync(AuditFilter.Everything, ct))
        {
            state = AuditChain.Continue(state, entry);
            if (state.Fault is not null)
                break;
            if (entry.Sequence == known?.Sequence)
                stands = entry.Hash.AsSpan().SequenceEqual(known.Value.Hash);
        }
        return new(state, stands);
    }
}
