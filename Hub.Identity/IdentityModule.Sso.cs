using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Identity.Sso;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Outbound;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity;

// Single sign-on through organizations' own providers.
public static partial class IdentityModule
{
    private static void AddSso(IServiceCollection services)
    {
        services.AddKeyedSingleton(SsoDirectory.Http, (provider, _) => new GuardedHttp(provider.GetRequiredService<IOptions<HubIdentityOptions>>().Value.Sso.AllowPrivateNetworks));
        services.AddSingleton<SsoDirectory>().AddSingleton<SsoSecrets>();
        services.AddScoped<SsoProviders>().AddScoped<SsoIdentities>().AddScoped<SsoSignIns>();
    }

    private static void MapSso(RouteGroupBuilder v1)
    {
        var sso = v1.MapGroup("/orgs/{org}/sso");
        sso.MapGet("/diagnosis", DiagnoseSso.Handle).RequirePermission(Permissions.ManageSso); // holds no transaction while it asks the provider
        sso.MapGet("", GetSso.Handle).RequirePermission(Permissions.ReadSso).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        sso.MapPut("", SetSso.Handle).RequirePermission(Permissions.ManageSso).RequireRecentSignIn().WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        sso.MapDelete("", RemoveSso.Handle).RequirePermission(Permissions.ManageSso).RequireRecentSignIn().WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
    }
}
