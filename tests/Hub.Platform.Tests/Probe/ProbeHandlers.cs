using System.Collections.Concurrent;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;

namespace CodeZero.Hub.Platform.Tests.Probe;

/// <summary>What the handlers of all replicas of a test have seen.</summary>
internal sealed class Seen
{
    internal ConcurrentQueue<(string Name, Guid? Tenant)> Handled { get; } = [];
    internal ConcurrentDictionary<string, int> Attempts { get; } = [];
}

internal sealed class RecordThing(Seen seen, Tenant tenant, ProbeDb db) : IHandles<ThingHappened>
{
    public async Task HandleAsync(Guid eventId, ThingHappened happened, CancellationToken ct)
    {
        var attempt = seen.Attempts.AddOrUpdate(happened.Name, 1, (_, before) => before + 1);
        db.Add(new Thing { OrganizationId = happened.OrganizationId, Id = Guid.CreateVersion7(), Name = $"handled {happened.Name}" });
        await db.SaveChangesAsync(ct);
        if (attempt <= happened.FailFirst)
            throw new InvalidOperationException("not yet\0\ud800"); // neither a NUL nor half of a character can be kept: the failure must be noted all the same
        seen.Handled.Enqueue((happened.Name, tenant.OrganizationId));
    }
}
