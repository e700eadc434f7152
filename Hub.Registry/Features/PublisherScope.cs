using System.Security.Claims;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace CodeZero.Hub.Registry.Features;

/// <summary>
/// The catalogue's addresses are everybody's. Who is signed in and a member of the publisher sees its private applications at the same address;
/// for others those do not exist. Runs before the unit of work, whose transaction names the tenant.
/// </summary>
internal sealed class PublisherScope(IOrganizations organizations, Tenant tenant) : IEndpointFilter
{
    public const string RouteParameter = "publisher";

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (http.GetRouteValue(RouteParameter) is not string slug || await organizations.FindIdAsync(slug, http.RequestAborted) is not { } publisher)
            return Problems.NotFound();
        // A token that does not hold must not look like an application that is not there.
        if (http.User.Identity is not { IsAuthenticated: true } && http.Request.Headers.Authorization.Count > 0)
            return TypedResults.Challenge();
        if (http.User.Identity is { IsAuthenticated: true } && Guid.TryParse(http.User.FindFirstValue("sub"), out var person))
        {
            tenant.SignIn(person);
            if (await organizations.FindMembershipAsync(person, slug, http.RequestAborted) is not null)
                tenant.Enter(publisher);
        }
        http.Features.Set(new Publisher(publisher));
        return await next(context);
    }
}

/// <summary>The organization that a catalogue address names; a feature of requests that went through <see cref="PublisherScope"/>.</summary>
internal sealed record Publisher(Guid OrganizationId)
{
    public static Publisher Of(HttpContext context) => context.Features.GetRequiredFeature<Publisher>();
}
