using System.Collections.Concurrent;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Clusters.AgentLink;

/// <summary>The key that speaks for a cluster now.</summary>
internal sealed record CurrentAgent(Guid Id, string Thumbprint, string PublicKey);

/// <summary>
/// Who speaks for which cluster, kept in memory as every request of an agent asks it. A notification from the database takes an entry out within moments;
/// for the case that notifications are missed, none is older than <see cref="KeptFor"/>.
/// </summary>
internal sealed class AgentDirectory(IServiceScopeFactory scopes, TimeProvider clock)
{
    /// <summary>The channel that tells every replica that a cluster's agent changed; the payload is the cluster's id.</summary>
    public const string Channel = "clusters.agent";

    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<Guid, Entry> _entries = new();
    private long _generation;

    /// <summary>
    /// The agent with this key, when it speaks for the cluster now; otherwise null. A yes may come from memory; before a no the database is asked, so that
    /// nobody who was accepted a moment ago is called revoked.
    /// </summary>
    public async ValueTask<CurrentAgent?> FindAsync(Guid organization, Guid cluster, string thumbprint, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (_entries.TryGetValue(cluster, out var known) && known.Organization == organization && now - known.At < KeptFor && known.Agent.Thumbprint == thumbprint)
            return known.Agent;
        var generation = Volatile.Read(ref _generation);
        var agent = await ReadAsync(organization, cluster, ct);
        if (agent is null || agent.Thumbprint != thumbprint)
            return null;
        _entries[cluster] = new(organization, agent, now);
        if (generation != Volatile.Read(ref _generation))
            _entries.TryRemove(cluster, out _); // what was read while something changed may be what was before
        return agent;
    }

    public void Forget(Guid cluster)
    {
        Interlocked.Increment(ref _generation);
        _entries.TryRemove(cluster, out _);
    }

    public void ForgetAll()
    {
        Interlocked.Increment(ref _generation);
        _entries.Clear();
    }

    /// <summary>The agent that speaks for a cluster that is not removed, from the database; null when there is none.</summary>
    public async Task<CurrentAgent?> ReadAsync(Guid organization, Guid cluster, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Tenant>().Enter(organization);
        var db = scope.ServiceProvider.GetRequiredService<ClustersDb>();
        return await db.InTransactionAsync(() => db.Agents
            .Where(agent => agent.ClusterId == cluster && agent.Status == AgentStatus.Accepted && db.Clusters.Any(row => row.Id == cluster && row.RemovedAt == null))
            .Select(agent => new CurrentAgent(agent.Id, agent.Thumbprint, agent.PublicKey)).SingleOrDefaultAsync(ct), ct);
    }

    private sealed record Entry(Guid Organization, CurrentAgent Agent, DateTimeOffset At);
}
