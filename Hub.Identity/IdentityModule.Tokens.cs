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

// Personal access tokens and API keys.
public static partial class IdentityModule
{
    private static void AddTokens(IServiceCollection services) =>
        services.AddSingleton<IApiCredentials, ApiCredentials>().AddScoped<PersonalTokens>().AddScoped<ApiKeys>();

    private static void MapTokens(RouteGroupBuilder v1)
    {
        var tokens = v1.MapGroup("/me/tokens");
        tokens.MapGet("", ListPersonalTokens.Handle).RequireAuthorization();
        tokens.MapPost("", CreatePersonalToken.Handle).RequireAuthorization().RequireRecentSignIn().WithLateUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        tokens.MapGet("/{token:guid}", GetPersonalToken.Handle).RequireAuthorization();
        tokens.MapDelete("/{token:guid}", RevokePersonalToken.Handle).RequireAuthorization();

        var keys = v1.MapGroup("/orgs/{org}/keys").WithUnitOfWork<RouteGroupBuilder, IdentityDb>();
        keys.MapGet("", ListApiKeys.Handle).RequirePermission(Permissions.ReadKeys);
        keys.MapPost("", CreateApiKey.Handle).RequirePermission(Permissions.ManageKeys).RequireRecentSignIn();
        keys.MapGet("/{key:guid}", GetApiKey.Handle).RequirePermission(Permissions.ReadKeys);
        keys.MapDelete("/{key:guid}", RevokeApiKey.Handle).RequirePermission(Permissions.ManageKeys);
    }
}
