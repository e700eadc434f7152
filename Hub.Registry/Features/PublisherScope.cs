using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Registry.Features;

/// <summary>
/// The catalogue's addresses are everybody's. Who may read the publisher's applications, as a member or by a token, sees its private ones at the same address;
/// for others those do not exist. Runs before the unit of work, whose transaction names the tenant.
/// </summary>
internal sealed class PublisherScope : IEndpointFilter
{
    public const string RouteParameter = "publisher";

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (http.Request.Headers.Authorization.Count == 0)
            return await next(context);
        // A token that does not hold must not look like an application that is not there.
        if (await http.AuthenticateAsync(AccessTokens.CallerScheme) is not { Principal: { } caller })
            return TypedResults.Challenge(authenticationSchemes: [AccessTokens.CallerScheme]);
        // Asked for here, because most who read the catalogue are nobody's members, and need neither.
        var services = http.RequestServices;
        var (access, membership) = await services.GetRequiredService<OrganizationAdmission>().DecideAsync(caller, http.GetRouteValue(RouteParameter) as string, Permissions.ReadApplications, http.RequestAborted);
        if (access == OrganizationAccess.Granted)
            services.GetRequiredService<Tenant>().Enter(membership!.OrganizationId);
        return await next(context);
    }
}
