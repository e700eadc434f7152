using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using CodeZero.Hub.Registry.Data;
using CodeZero.Hub.Registry.Features;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Registry;

/// <summary>Applications and their immutable versions: publishing, the organization's catalogue, and the public one.</summary>
public static class RegistryModule
{
    public const string Name = "Registry";

    public static IServiceCollection AddRegistry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<RegistryOptions>().Bind(configuration.GetSection(RegistryOptions.Section));
        services.AddModuleDb<RegistryDb>(RegistryDb.Schema);
        services.AddScoped<ICatalogue, Catalogue>().AddScoped<IOrganizationHold, OrganizationHold>();
        services.AddSingleton<PublicApplications>().AddSingleton<VersionAnswers>();
        services.AddValidation();
        return services;
    }

    public static IEndpointRouteBuilder MapRegistry(this IEndpointRouteBuilder routes)
    {
        var own = routes.MapGroup("/v1/orgs/{org}/apps").WithTags("Publishing");
        var reading = own.MapGroup("").RequirePermission(Permissions.ReadApplications).WithUnitOfWork<RouteGroupBuilder, RegistryDb>();
        reading.MapGet("", ListApplications.Handle);
        reading.MapGet("/{app}", GetApplication.Handle);
        reading.MapGet("/{app}/versions", ListVersions.Handle);
        own.MapPut("/{app}/visibility", SetVisibility.Handle).RequirePermission(Permissions.ManageApplications).WithUnitOfWork<RouteHandlerBuilder, RegistryDb>();
        own.MapPost("/{app}/versions", PublishVersion.Handle).WithLateUnitOfWork<RouteHandlerBuilder, RegistryDb>().RequirePermission(Permissions.PublishApplications)
            .WithMetadata(new RequestSizeLimitAttribute(Upload.MaxBytes))
            .Accepts<IFormFile>("multipart/form-data", Upload.YamlMediaTypes);

        var catalogue = routes.MapGroup("/v1/apps").WithTags("Catalogue")
            .AllowAnonymousBecause("The catalogue is public; private applications are shown to their publisher's members only, and do not exist for others.");
        catalogue.MapGet("", BrowseCatalogue.Handle).WithUnitOfWork<RouteHandlerBuilder, RegistryDb>();
        var application = catalogue.MapGroup("/{publisher}/{app}").AddEndpointFilter<RouteGroupBuilder, PublisherScope>();
        application.MapGet("", GetCatalogueApplication.Handle).WithUnitOfWork<RouteHandlerBuilder, RegistryDb>();
        application.MapGet("/versions", ListCatalogueVersions.Handle).WithUnitOfWork<RouteHandlerBuilder, RegistryDb>();
        application.MapGet("/versions/{version}", GetVersion.Handle).Produces<GetVersion.Response>(); // begins a transaction only for who has rows of their own to see

        routes.MapGet("/v1/artwork/{digest}", GetArtwork.Handle).WithTags("Catalogue").WithUnitOfWork<RouteHandlerBuilder, RegistryDb>()
            .AllowAnonymousBecause("An image is asked for by the digest of its bytes, which only those know who were shown it.");
        return routes;
    }
}
