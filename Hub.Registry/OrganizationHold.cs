using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Registry.Data;
using CodeZero.Hub.Registry.Domain;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Registry;

/// <summary>An organization does not end while others find its applications in the catalogue.</summary>
internal sealed class OrganizationHold(RegistryDb db) : IOrganizationHold
{
    public async Task<string?> FindAsync(Guid organizationId, CancellationToken ct)
    {
        var names = await db.InTransactionAsync(() => db.Applications
            .Where(app => app.OrganizationId == organizationId && app.Visibility == Visibility.Public).OrderBy(app => app.App).Select(app => app.App).ToListAsync(ct), ct);
        return names.Count == 0 ? null : $"It has public applications: {string.Join(", ", names)}. Withdraw each from the catalogue first; who has installed it keeps it.";
    }
}
