using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Registry.Data;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Registry;

/// <summary>The registry as other modules see it. It looks in a scope and a transaction of its own, as the organization it is asked for.</summary>
internal sealed class Catalogue(IServiceScopeFactory scopes) : ICatalogue
{
    public async Task<PublishedVersion?> FindAsync(Guid organizationId, string publisher, string app, string? version, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Tenant>().Enter(organizationId);
        var db = scope.ServiceProvider.GetRequiredService<RegistryDb>();
        return await db.InTransactionAsync(() => db.FindVersionAsync(publisher, app, version, ct), ct) is var (found, published)
            ? new PublishedVersion(found.Publisher, found.App, published.Version, published.Digest, published.Manifest, published.PublishedAt)
            : null;
    }
}
