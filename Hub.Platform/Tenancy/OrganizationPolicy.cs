using System.Security.Claims;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Hosting;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Platform.Tenancy;

/// <summary>
/// Routes below <c>/v1/orgs/{org}</c>: anonymous gets 401; who is no member gets the same 404 as for an organization that never existed;
/// a member whose role is too low, or who signed in by less than the organization asks for, gets 403. Checked before the body is read.
/// </summary>
public static class OrganizationPolicy
{
    /// <summary>The route parameter that names the organization, by slug or id.</summary>
    public const string RouteParameter = "org";

    /// <summary>Members whose role has this permission may call the endpoint.</summary>
    public static TBuilder RequirePermission<TBuilder>(this TBuilder builder, Permission permission) where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(policy => policy.RequireAuthenticatedUser().AddRequirements(new OrganizationRequirement(permission)))
            .WithMetadata(new OrganizationRequirement(permission));
}

/// <summary>This permission in the organization that the route names.</summary>
public sealed record OrganizationRequirement(Permission Permission) : IAuthorizationRequirement
{
    /// <summary>The lowest role that has it.</summary>
    public OrganizationRole Minimum => Permission.Minimum;
}

/// <summary>
/// Routes outside organizations are about the person's whole account: the default policy asks for a token without limit. Those that show a limited token its organization alone
/// say so by <see cref="LimitPolicy.RequireAuthorizationWithinLimit"/>.
/// </summary>
public static class LimitPolicy
{
    /// <summary>Lets every person's token in. What the endpoint shows must heed <see cref="OrganizationRule.LimitOf"/>.</summary>
    public static TBuilder RequireAuthorizationWithinLimit<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(policy => policy.RequireAuthenticatedUser());
}

internal sealed class OrganizationHandler(Tenant tenant, Caller caller, TimeProvider clock) : AuthorizationHandler<OrganizationRequirement>
{

    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, OrganizationRequirement requirement)
    {
        if (context.Resource is not HttpContext http || !Guid.TryParse(context.User.FindFirstValue("sub"), out var userId))
            return;
        tenant.SignIn(userId);
        // Asked for here, because every authorization constructs this handler, and few need the organizations' database.
        var organizations = http.RequestServices.GetRequiredService<IOrganizations>();
        var membership = http.GetRouteValue(OrganizationPolicy.RouteParameter) is string slugOrId
            ? await organizations.FindMembershipAsync(userId, slugOrId, http.RequestAborted)
            : null;
        var access = OrganizationRule.Decide(membership, requirement.Permission, OrganizationRule.MethodsOf(context.User), OrganizationRule.LimitOf(context.User), clock.GetUtcNow());
        if (access is OrganizationAccess.NotAMember or OrganizationAccess.SsoRequired or OrganizationAccess.MfaRequired)
        {
            context.Fail(new AuthorizationFailureReason(this, access.ToString()));
            return;
        }
        tenant.Enter(membership!.OrganizationId);
        caller.Become(userId, membership);
        if (access == OrganizationAccess.Granted)
            context.Succeed(requirement);
    }
}

/// <summary>Turns refusals into problem details, and "not a member" into "not found".</summary>
internal sealed class AuthorizationResults(IOptions<HubOptions> hub) : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler _default = new();

    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult result)
    {
        if (result.Forbidden)
        {
            await Refusal(context, result).ExecuteAsync(context);
            return;
        }
        await _default.HandleAsync(next, context, policy, result);
    }

    private ProblemHttpResult Refusal(HttpContext context, PolicyAuthorizationResult result)
    {
        bool Is(OrganizationAccess access) => result.AuthorizationFailure?.FailureReasons.Any(reason => reason.Message == access.ToString()) ?? false;
        return Is(OrganizationAccess.NotAMember) ? Problems.NotFound()
            : Is(OrganizationAccess.SsoRequired) ? Problems.SsoRequired(SignInOf(context))
            : Is(OrganizationAccess.MfaRequired) ? Problems.MfaRequired(new Uri(hub.Value.PublicUrl!, "/account/security"))
            : context.GetEndpoint()?.Metadata.GetMetadata<OrganizationRequirement>() is null && OrganizationRule.LimitOf(context.User) is not null ? Problems.Limited()
            : Problems.Forbidden(context.GetEndpoint()?.Metadata.GetMetadata<OrganizationRequirement>()?.Minimum);
    }

    private Uri SignInOf(HttpContext context) =>
        new(hub.Value.PublicUrl!, $"/signin?organization={Uri.EscapeDataString((string)context.GetRouteValue(OrganizationPolicy.RouteParameter)!)}");
}
