using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Identity.Jobs;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Jobs;
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
        services.AddSingleton<ClientRegistry>().AddSingleton<SecretThrottle>().AddSingleton<SigningKeys>().AddSingleton<TokenIssuer>().AddSingleton<IdTokenHints>();
        services.AddScoped<Authorizations>().AddScoped<ClientAuthentication>().AddScoped<TokenFamilies>().AddScoped<PersonTokens>().AddScoped<Token.Endpoint>();
        services.AddScoped<ITokenGrant, AuthorizationCodeGrant>().AddScoped<ITokenGrant, RefreshTokenGrant>().AddScoped<ITokenGrant, ClientCredentialsGrant>();
        services.AddHubJob<RotateSigningKeys>(RotateSigningKeys.Name, RotateSigningKeys.Cron).AddHubJob<PurgeExpired>(PurgeExpired.Name, PurgeExpired.Cron);
    }

    private static void MapProvider(IEndpointRouteBuilder routes, HubIdentityOptions.AddressLimits limits)
    {
        const string isPublic = "Relying parties read it before they have any token (OpenID Connect Discovery §4).";
        foreach (var path in new[] { "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server" })
            routes.MapGet(path, Discovery.Document).ExcludeFromDescription().AllowAnonymousBecause(isPublic);
        routes.MapGet("/connect/jwks", Discovery.Keys).ExcludeFromDescription().AllowAnonymousBecause(isPublic);
        routes.MapPost("/connect/token", (HttpContext context, Token.Endpoint endpoint, CancellationToken ct) => endpoint.HandleAsync(context, ct))
            .ExcludeFromDescription().WithAddressLimit("token", limits.TokenRequestsPerMinute).WithMetadata(new OwnRepetition()).AllowAnonymousBecause("Clients authenticate in the request itself (RFC 6749 §3.2.1).");
    }
}
