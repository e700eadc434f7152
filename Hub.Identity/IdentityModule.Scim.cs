using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Identity.Scim;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity;

// Provisioning of members by an organization's directory (SCIM).
public static partial class IdentityModule
{
    private static void AddScim(IServiceCollection services)
    {
        services.AddScoped<ScimAddresses>().AddScoped<ScimDirectories>().AddScoped<ScimUsers>().AddScoped<ScimGroups>();
        services.Insert(0, ServiceDescriptor.Singleton<IProblemDetailsWriter, ScimErrors>()); // the first that can write, writes
    }

    private static void MapScim(IEndpointRouteBuilder routes)
    {
        var scim = routes.MapGroup($"{ScimAddresses.Root}/{{org}}").WithUnitOfWork<RouteGroupBuilder, IdentityDb>().AddEndpointFilter<RouteGroupBuilder, ScimEndpointFilter>()
            .RequirePermission(Permissions.ProvisionMembers).WithMetadata(new RequestSizeLimitAttribute(ScimBody.MaxBytes)).ExcludeFromDescription(); // RFC 7644 and /Schemas describe it
        scim.MapGet("/ServiceProviderConfig", ScimDiscovery.Config);
        scim.MapGet("/ResourceTypes", ScimDiscovery.ResourceTypes);
        scim.MapGet("/ResourceTypes/{name}", ScimDiscovery.ResourceType);
        scim.MapGet("/Schemas", ScimDiscovery.Schemas);
        scim.MapGet("/Schemas/{schema}", ScimDiscovery.Schema);

        var users = scim.MapGroup("/" + ScimSchemas.User.Endpoint);
        users.MapGet("", ScimUserEndpoints.List);
        users.MapPost("", ScimUserEndpoints.Create);
        users.MapGet("/{id:guid}", ScimUserEndpoints.Get);
        users.MapPut("/{id:guid}", ScimUserEndpoints.Replace);
        users.MapPatch("/{id:guid}", ScimUserEndpoints.Patch);
        users.MapDelete("/{id:guid}", ScimUserEndpoints.Delete);

        var groups = scim.MapGroup("/" + ScimSchemas.Group.Endpoint);
        groups.MapGet("", ScimGroupEndpoints.List);
        groups.MapPost("", ScimGroupEndpoints.Create);
        groups.MapGet("/{id:guid}", ScimGroupEndpoints.Get);
        groups.MapPut("/{id:guid}", ScimGroupEndpoints.Replace);
        groups.MapPatch("/{id:guid}", ScimGroupEndpoints.Patch);
        groups.MapDelete("/{id:guid}", ScimGroupEndpoints.Delete);
    }
}
