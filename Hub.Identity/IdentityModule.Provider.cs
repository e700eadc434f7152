using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Areas.Identity;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Identity.Jobs;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Jobs;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity;

// The OpenID Connect provider.
public static partial class IdentityModule
{
    private static void AddProvider(IServiceCollection services)
    {
        services.AddSingleton<ClientRegistry>().AddSingleton<SecretThrottle>().AddSingleton<SigningKeyMaterial>().AddSingleton<SigningKeys>().AddSingleton<TokenIssuer>().AddSingleton<IdTokenHints>().AddSingleton<SignedOutReturns>();
        services.AddScoped<Authorizations>().AddScoped<OrganizationLimits>().AddScoped<PushedRequests>().AddScoped<ClientAuthentication>().AddScoped<TokenFamilies>().AddScoped<PersonTokens>().AddScoped<IssuedTokens>();
        services.AddSingleton<TokenGrants>().AddTokenGrant<AuthorizationCodeGrant>(GrantTypes.AuthorizationCode).AddTokenGrant<RefreshTokenGrant>(GrantTypes.RefreshToken);
        services.AddTokenGrant<ClientCredentialsGrant>(GrantTypes.ClientCredentials).AddTokenGrant<DeviceCodeGrant>(GrantTypes.DeviceCode).AddTokenGrant<TokenExchangeGrant>(GrantTypes.TokenExchange);
        services.AddScoped<DeviceAuthorizations>().AddSingleton<UserCodeThrottle>().AddScoped<AuthorizeDevice.Endpoint>();
        services.AddScoped<ClientTokens>().AddScoped<ClusterTokens>().AddScoped<WorkloadTokens>().AddScoped<Workloads>();
        services.AddScoped<ClientRegistrations>().AddScoped<SigningKeyMaintenance>().AddScoped<ISigningKeys>(provider => provider.GetRequiredService<SigningKeyMaintenance>());
        services.AddScoped<Token.Endpoint>().AddScoped<PushAuthorization.Endpoint>().AddScoped<Revocation.Endpoint>().AddScoped<Introspection.Endpoint>();
        services.AddAccessTokenScheme(UserInfo.Scheme, mustBeBound: false, "", "/v1");
        services.AddHubJob<RotateSigningKeys>(RotateSigningKeys.Name, RotateSigningKeys.Cron).AddHubJob<PurgeExpired>(PurgeExpired.Name, PurgeExpired.Cron);
    }

    private static void MapProvider(IEndpointRouteBuilder routes, HubIdentityOptions.AddressLimits limits)
    {
        const string isPublic = "Relying parties read it before they have any token (OpenID Connect Discovery §4).";
        foreach (var path in new[] { "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server" })
            routes.MapGet(path, Discovery.Document).ExcludeFromDescription().AllowAnonymousBecause(isPublic);
        routes.MapGet("/connect/jwks", Discovery.Keys).ExcludeFromDescription().AllowAnonymousBecause(isPublic);
        routes.MapMethods("/connect/userinfo", [HttpMethods.Get, HttpMethods.Post], UserInfo.Handle).ExcludeFromDescription().WithMetadata(new OwnRepetition())
            .RequireAuthorization(policy => policy.AddAuthenticationSchemes(UserInfo.Scheme).RequireAuthenticatedUser());
        ForClients(routes.MapPost("/connect/token", (HttpContext context, Token.Endpoint endpoint, CancellationToken ct) => endpoint.HandleAsync(context, ct)), limits);
        ForClients(routes.MapPost("/connect/par", (HttpContext context, PushAuthorization.Endpoint endpoint, CancellationToken ct) => endpoint.HandleAsync(context, ct)), limits);
        ForClients(routes.MapPost("/connect/device_authorization", (HttpContext context, AuthorizeDevice.Endpoint endpoint, CancellationToken ct) => endpoint.HandleAsync(context, ct)), limits);
        ForClients(routes.MapPost("/connect/revocation", (HttpContext context, Revocation.Endpoint endpoint, CancellationToken ct) => endpoint.HandleAsync(context, ct)), limits);
        ForClients(routes.MapPost("/connect/introspection", (HttpContext context, Introspection.Endpoint endpoint, CancellationToken ct) => endpoint.HandleAsync(context, ct)), limits);
        MapClients(routes.MapGroup("/v1/orgs/{org}/clients").WithTags("Identity"));
    }

    private static void MapClients(RouteGroupBuilder clients)
    {
        clients.MapGet("", ListClients.Handle).RequirePermission(Permissions.ReadClients).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        clients.MapPost("", RegisterClient.Handle).RequirePermission(Permissions.ManageClients).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        clients.MapGet("/{client:guid}", GetClient.Handle).RequirePermission(Permissions.ReadClients).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        clients.MapPut("/{client:guid}", ChangeClient.Handle).RequirePermission(Permissions.ManageClients).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        clients.MapDelete("/{client:guid}", DeleteClient.Handle).RequirePermission(Permissions.ManageClients).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        clients.MapPost("/{client:guid}/secrets", RotateClientSecret.Handle).RequirePermission(Permissions.ManageClients).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        clients.MapGet("/{client:guid}/workloads", ListWorkloads.Handle).RequirePermission(Permissions.ReadClients).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        clients.MapPost("/{client:guid}/workloads", AddWorkload.Handle).RequirePermission(Permissions.ManageClients).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        clients.MapGet("/{client:guid}/workloads/{workload:guid}", GetWorkload.Handle).RequirePermission(Permissions.ReadClients).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        clients.MapPut("/{client:guid}/workloads/{workload:guid}", ChangeWorkload.Handle).RequirePermission(Permissions.ManageClients).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
        clients.MapDelete("/{client:guid}/workloads/{workload:guid}", RemoveWorkload.Handle).RequirePermission(Permissions.ManageClients).WithUnitOfWork<RouteHandlerBuilder, IdentityDb>();
    }

    /// <summary>A protocol endpoint that clients post forms to. They share one limit by address.</summary>
    private static void ForClients(RouteHandlerBuilder endpoint, HubIdentityOptions.AddressLimits limits) => endpoint
        .ExcludeFromDescription().WithAddressLimit("token", limits.TokenRequestsPerMinute).WithMetadata(new OwnRepetition()).AllowAnonymousBecause("Clients authenticate in the request itself (RFC 6749 §3.2.1).");
}
