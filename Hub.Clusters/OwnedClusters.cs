using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Clusters;

/// <summary>What other modules ask of clusters, answered from the database. In a scope of its own: the caller's may work for no organization.</summary>
internal sealed class OwnedClusters(IServiceScopeFactory scopes) : IClusters
{
    public async Task<bool> ExistsAsync(Guid organizationId, Guid clusterId, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Tenant>().Enter(organizationId);
        var db = scope.ServiceProvider.GetRequiredService<ClustersDb>();
        return await db.InTransactionAsync(() => db.Clusters.AnyAsync(cluster => cluster.Id == clusterId && cluster.RemovedAt == null, ct), ct);
    }
}
