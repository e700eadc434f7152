using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity;

/// <summary>
/// Accounts, organizations, and the OpenID Connect provider. Other parts of the Hub believe its tokens by discovery alone, and ask for organizations by
/// <see cref="IOrganizations"/>; it asks every registered <see cref="IMachineClients"/> for machines.
/// </summary>
public static partial class IdentityModule
{
    /// <summary>The module's name in <c>Hub:Modules</c>.</summary>
    public const string Name = "Identity";

    /// <summary>Registers the module's services. Options: <see cref="HubIdentityOptions"/>.</summary>
    public static IServiceCollection AddIdentity(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidation();
        services.AddSingleton<IValidateOptions<HubIdentityOptions>, ValidateHubIdentityOptions>();
        services.AddOptions<HubIdentityOptions>().Bind(configuration.GetSection(HubIdentityOptions.Section)).ValidateOnStart();
        services.AddModuleDb<IdentityDb>(IdentityDb.Schema);
        AddPeople(services);
        AddOrganizations(services);
        AddScim(services);
        AddProvider(services);
        AddTokens(services);
        AddSso(services);
        AddPages(services);
        return services;
    }

    /// <summary>Maps the module's routes and pages.</summary>
    public static IEndpointRouteBuilder MapIdentity(this IEndpointRouteBuilder routes)
    {
        var limits = routes.ServiceProvider.GetRequiredService<IOptions<HubIdentityOptions>>().Value.Limits;
        MapProvider(routes, limits);
        var v1 = routes.MapGroup("/v1").WithTags("Identity");
        MapPeople(v1, limits);
        MapOrganizations(v1);
        MapTokens(v1);
        MapSso(v1);
        MapScim(routes);
        MapPages(routes, limits);
        return routes;
    }
}
