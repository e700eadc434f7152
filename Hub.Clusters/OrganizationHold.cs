using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters;

/// <summary>An organization does not end while agents might still work for it.</summary>
internal sealed class OrganizationHold(ClustersDb db) : IOrganizationHold
{
    public async Task<string?> FindAsync(Guid organizationId, CancellationToken ct)
    {
        var names = await db.InTransactionAsync(() => db.Clusters.Where(cluster => cluster.RemovedAt == null).OrderBy(cluster => cluster.Name).Select(cluster => cluster.Name).ToListAsync(ct), ct);
        return names.Count == 0 ? null : $"It has clusters: {string.Join(", ", names)}. Remove each first, as with 'czctl clusters remove'; what runs there is left alone.";
    }
}
