using System.Security.Claims;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Registry.Features;

/// <summary>
/// The catalogue's addresses are everybody's. Who is signed in and a member of the publisher sees its private applications at the same address;
/// for others, and for members who may not get into the organization as they signed in, those do not exist. Runs before the unit of work, whose transaction names the tenant.
/// </summary>
internal sealed class PublisherScope : IEndpointFilter
{
    public const string RouteParameter = "publisher";

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        // A token that does not hold must not look like an application that is not there.
        if (http.User.Identity is not { IsAuthenticated: true })
            return http.Request.Headers.Authorization.Count > 0 ? TypedResults.Challenge() : await next(context);
        if (Guid.TryParse(http.User.FindFirstValue("sub"), out var person) && http.GetRouteValue(RouteParameter) is string publisher)
        {
            // Asked for here, because most who read the catalogue are nobody's members, and need neither.
            var (tenant, organizations) = (http.RequestServices.GetRequiredService<Tenant>(), http.RequestServices.GetRequiredService<IOrganizations>());
            tenant.SignIn(person);
            var membership = await organizations.FindMembershipAsync(person, publisher, http.RequestAborted);
            var now = http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
            if (OrganizationRule.Decide(membership, Permissions.ReadApplications, OrganizationRule.MethodsOf(http.User), OrganizationRule.LimitOf(http.User), now) == OrganizationAccess.Granted)
                tenant.Enter(membership!.OrganizationId);
        }
        return await next(context);
    }
}
