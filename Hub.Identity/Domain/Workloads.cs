using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What came of adding or changing a workload.</summary>
internal enum WorkloadOutcome
{
    Done,

    /// <summary>The client has as many as it may.</summary>
    TooMany,

    /// <summary>The client has one of this issuer, subject and audience.</summary>
    Known,
}

/// <summary>The workloads that may act as a client of the scope's organization. Each change runs in the caller's transaction and is in the audit log.</summary>
internal sealed class Workloads(IdentityDb db, IAuditLog audit, TimeProvider clock)
{
    /// <summary>The most workloads of one client.</summary>
    public const int Limit = 20;

    /// <param name="by">The person or API key that adds it.</param>
    public async Task<(WorkloadOutcome Outcome, Workload? Workload)> AddAsync(RegisteredClient client, AcceptedWorkload settings, Guid by, CancellationToken ct)
    {
        await LockAsync(client.Id, ct);
        var others = await db.Workloads.AsNoTracking().Where(workload => workload.ClientId == client.Id).ToListAsync(ct);
        if (others.Count >= Limit)
            return (WorkloadOutcome.TooMany, null);
        if (others.Exists(settings.IsSameAs))
            return (WorkloadOutcome.Known, null);
        var now = clock.GetUtcNow();
        var workload = new Workload(client.OrganizationId, client.Id, Guid.CreateVersion7(now), by, now);
        workload.Apply(settings);
        db.Add(workload);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(Event("client.workload_added", workload) with { After = settings }, ct);
        return (WorkloadOutcome.Done, workload);
    }

    public async Task<WorkloadOutcome> ChangeAsync(Workload workload, AcceptedWorkload settings, CancellationToken ct)
    {
        await LockAsync(workload.ClientId, ct);
        if ((await db.Workloads.AsNoTracking().Where(other => other.ClientId == workload.ClientId && other.Id != workload.Id).ToListAsync(ct)).Exists(settings.IsSameAs))
            return WorkloadOutcome.Known;
        var before = workload.ToSettings();
        workload.Apply(settings);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(Event("client.workload_changed", workload) with { Before = before, After = settings }, ct);
        return WorkloadOutcome.Done;
    }

    public async Task RemoveAsync(Workload workload, CancellationToken ct)
    {
        db.Remove(workload);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(Event("client.workload_removed", workload) with { Before = workload.ToSettings() }, ct);
    }

    /// <summary>Two requests must not both count below the limit, nor both add the same.</summary>
    private Task LockAsync(Guid client, CancellationToken ct) => db.LockAsync($"workloads:{client}", ct);

    private static AuditEvent Event(string action, Workload workload) =>
        new(action, "client", new RegisteredClientId(workload.OrganizationId, workload.ClientId).ToString()) { TargetName = workload.Subject };
}
