using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity;

// Organizations and their members.
public static partial class IdentityModule
{
    private static void AddOrganizations(IServiceCollection services)
    {
        services.AddHttpContextAccessor();
        services.AddScoped<IAuditLog, AuditLog>().AddScoped<Memberships>();
        services.AddScoped<Organizations>().AddScoped<IOrganizations>(provider => provider.GetRequiredService<Organizations>());
    }

    private static void MapOrganizations(RouteGroupBuilder v1)
    {
        v1.MapGet("/orgs", ListOrganizations.Handle).RequireAuthorization();
        v1.MapPost("/orgs", CreateOrganization.Handle).RequireAuthorization();
        v1.MapGet("/orgs/{org}", GetOrganization.Handle).RequirePermission(Permissions.ReadOrganization).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        v1.MapGet("/orgs/{org}/members", ListMembers.Handle).RequirePermission(Permissions.ReadMembers).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
    }
}
