using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Clusters.States;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Jobs;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Clusters.Jobs;

/// <summary>
/// Signs a fresh state for every enrolled cluster whose newest is a day old, so that none expires while the Hub is up; and first sees to the keys they are
/// signed with. One organization after the other, each cluster in a transaction of its own: one that fails does not hold up the others.
/// </summary>
internal sealed partial class RefreshStates(
    IServiceScopeFactory scopes, IOrganizations organizations, IStateKeys keys, TimeProvider clock, ILogger<RefreshStates> log) : IHubJob
{
    public const string Name = "clusters.refresh-states";

    /// <summary>Hourly: what one run could not do, the next does.</summary>
    public const string Cron = "0 17 * * * ?";

    /// <summary>A state older than this is renewed.</summary>
    internal static readonly TimeSpan RefreshedAfter = TimeSpan.FromHours(24);

    public async Task RunAsync(CancellationToken ct)
    {
        await keys.RotateAsync(ct);
        var refreshed = 0;
        await foreach (var organization in organizations.AllIdsAsync(ct))
            refreshed += await TryAsync(() => RefreshAsync(organization, ct), organization, cluster: null);
        Refreshed(log, refreshed);
    }

    private Task<List<Guid>> FindDueAsync(Guid organization, CancellationToken ct)
    {
        var due = clock.GetUtcNow() - RefreshedAfter;
        return InAsync(organization, (db, _) => db.Clusters
            .Where(cluster => cluster.RemovedAt == null
                && db.Agents.Any(agent => agent.ClusterId == cluster.Id && agent.Status == AgentStatus.Accepted)
                && db.States.Any(state => state.ClusterId == cluster.Id && state.Serial == cluster.Serial && state.IssuedAt < due))
            .Select(cluster => cluster.Id).ToListAsync(ct), ct);
    }

    private async Task<int> RefreshAsync(Guid organization, CancellationToken ct)
    {
        var refreshed = 0;
        foreach (var cluster in await FindDueAsync(organization, ct))
            refreshed += await TryAsync(() => RefreshAsync(organization, cluster, ct), organization, cluster);
        return refreshed;
    }

    private Task<int> RefreshAsync(Guid organization, Guid cluster, CancellationToken ct) => InAsync(organization, async (db, states) =>
    {
        if (await db.LockClusterAsync(cluster, ct) is not { } locked)
            return 0;
        if (await states.PublishAsync(locked, StateReason.Refreshed, ct) is not { } refused)
            return 1;
        Refused(log, organization, cluster, refused.ProblemDetails.Detail);
        return 0;
    }, ct);

    /// <summary>The work, or zero: whatever is wrong with one must not let the states of all others expire.</summary>
    private async Task<int> TryAsync(Func<Task<int>> refresh, Guid organization, Guid? cluster)
    {
        try
        {
            return await refresh();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Failed(log, organization, cluster, e);
            return 0;
        }
    }

    private async Task<T> InAsync<T>(Guid organization, Func<ClustersDb, StatePublisher, Task<T>> work, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Tenant>().Enter(organization);
        var db = scope.ServiceProvider.GetRequiredService<ClustersDb>();
        return await db.InTransactionAsync(() => work(db, scope.ServiceProvider.GetRequiredService<StatePublisher>()), ct);
    }

    [LoggerMessage(3020, LogLevel.Information, "Refreshed the states of {Clusters} clusters")]
    private static partial void Refreshed(ILogger log, int clusters);

    [LoggerMessage(3021, LogLevel.Error, "The state of cluster {Cluster} of organization {Organization} could not be refreshed; the next run tries again")]
    private static partial void Failed(ILogger log, Guid organization, Guid? cluster, Exception exception);

    [LoggerMessage(3022, LogLevel.Error, "The state of cluster {Cluster} of organization {Organization} cannot be refreshed: {Reason}")]
    private static partial void Refused(ILogger log, Guid organization, Guid cluster, string? reason);
}
