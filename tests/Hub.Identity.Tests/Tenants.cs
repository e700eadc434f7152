using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Work inside the Hub as a request, an event or a job does it.</summary>
internal static class Tenants
{
    /// <summary>Works for an organization, in a transaction of the identity module.</summary>
    public static async Task<T> AsTenantAsync<T>(this HubInstance hub, Guid organization, Guid? person, Func<IServiceProvider, Task<T>> work)
    {
        await using var scope = hub.Services.CreateAsyncScope();
        var tenant = scope.ServiceProvider.GetRequiredService<Tenant>();
        tenant.Enter(organization);
        if (person is { } id)
            tenant.SignIn(id);
        return await scope.ServiceProvider.GetRequiredService<IdentityDb>().InTransactionAsync(() => work(scope.ServiceProvider), CancellationToken.None);
    }
}
