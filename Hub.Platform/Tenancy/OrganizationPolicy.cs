using System.Security.Claims;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Hosting;
using CodeZero.Hub.Platform.Security;
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
/// Routes of an organization, such as those below <c>/v1/orgs/{org}</c>, for its members, their personal access tokens, and its API keys: anonymous gets 401; who is no member gets the same 404 as for an organization that never existed;
/// a member whose role is too low, who signed in by less than the organization asks for, or whose token does not have the permission, gets 403. Checked before the body is read.
/// </summary>
public static class OrganizationPolicy
{
    /// <summary>The route parameter that names the organization, by slug or id.</summary>
    public const string RouteParameter = "org";

    /// <summary>Members whose role has this permission may call the endpoint, and tokens that have it too.</summary>
    public static TBuilder RequirePermission<TBuilder>(this TBuilder builder, Permission permission) where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(policy => policy.AddAuthenticationSchemes(AccessTokens.CallerScheme).RequireAuthenticatedUser().AddRequirements(new OrganizationRequirement(permission)))
            .WithMetadata(new OrganizationRequirement(permission));
}

/// <summary>This permission in the organization that the route names.</summary>
public sealed record OrganizationRequirement(Permission Permission) : IAuthorizationRequirement
{
    /// <summary>The lowest role that has it.</summary>
    public OrganizationRole Minimum => Permission.Minimum;
}

/// <summary>Looks up what the caller of a request may do in an organization.</summary>
public sealed class OrganizationAdmission(Tenant tenant, IOrganizations organizations, TimeProvider clock)
{
    /// <summary>Names the caller's person to the tenant, and decides. The membership is that of a member or key, whatever they may.</summary>
    /// <param name="slugOrId">The organization; null is none.</param>
    public async Task<(OrganizationAccess Access, Membership? Membership)> DecideAsync(ClaimsPrincipal caller, string? slugOrId, Permission permission, CancellationToken ct)
    {
        var credential = ApiTokenIdentity.Of(caller);
        var membership = slugOrId is null ? null : credential is KeyCredential key ? OfKey(key, slugOrId) : await OfPersonAsync(caller, credential as PersonalCredential, slugOrId, ct);
        return (OrganizationRule.Decide(membership, permission, OrganizationRule.MethodsOf(caller), OrganizationRule.LimitOf(caller), clock.GetUtcNow(), credential?.Permissions), membership);
    }

    private static Membership? OfKey(KeyCredential key, string slugOrId) =>
        slugOrId == key.Membership.Slug || (Guid.TryParseExact(slugOrId, "D", out var id) && id == key.Membership.OrganizationId) ? key.Membership : null;

    private async Task<Membership?> OfPersonAsync(ClaimsPrincipal caller, PersonalCredential? token, string slugOrId, CancellationToken ct)
    {
        if (!Guid.TryParse(caller.FindFirstValue("sub"), out var userId))
            return null;
        tenant.SignIn(userId);
        var membership = await organizations.FindMembershipAsync(userId, slugOrId, ct);
        return membership is not null && token?.Organizations?.Contains(membership.OrganizationId) == false ? null : membership;
    }
}

internal sealed class OrganizationHandler(Tenant tenant, Caller caller) : AuthorizationHandler<OrganizationRequirement>
{
    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, OrganizationRequirement requirement)
    {
        if (context.Resource is not HttpContext http || CallerOf(context.User) is not var (id, isKey))
            return;
        // Asked for here, because every authorization constructs this handler, and few need the organizations' database.
        var (access, membership) = await http.RequestServices.GetRequiredService<OrganizationAdmission>()
            .DecideAsync(context.User, http.GetRouteValue(OrganizationPolicy.RouteParameter) as string, requirement.Permission, http.RequestAborted);
        if (membership is not null && access is not (OrganizationAccess.NotAMember or OrganizationAccess.SsoRequired or OrganizationAccess.MfaRequired))
        {
            tenant.Enter(membership.OrganizationId);
            caller.Become(id, isKey, membership);
        }
        if (access == OrganizationAccess.Granted)
            context.Succeed(requirement);
        else
            context.Fail(new AuthorizationFailureReason(this, access.ToString()));
    }

    /// <summary>Null for who is neither a person nor an API key.</summary>
    private static (Guid Id, bool IsKey)? CallerOf(ClaimsPrincipal user) =>
        ApiTokenIdentity.Of(user) is KeyCredential key ? (key.Id, true) : Guid.TryParse(user.FindFirstValue("sub"), out var person) ? (person, false) : null;
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
        var requirement = context.GetEndpoint()?.Metadata.GetMetadata<OrganizationRequirement>();
        bool Is(OrganizationAccess access) => result.AuthorizationFailure?.FailureReasons.Any(reason => reason.Message == access.ToString()) ?? false;
        if (Is(OrganizationAccess.NotInToken))
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"codezero\", error=\"insufficient_scope\", scope=\"{requirement!.Permission.Name}\""; // RFC 6750 §3.1
        return Is(OrganizationAccess.NotAMember) ? Problems.NotFound()
            : Is(OrganizationAccess.SsoRequired) ? Problems.SsoRequired(SignInOf(context))
            : Is(OrganizationAccess.MfaRequired) ? Problems.MfaRequired(new Uri(hub.Value.PublicUrl!, "/account/security"), byToken: ApiTokenIdentity.Of(context.User) is not null)
            : Is(OrganizationAccess.NotInToken) ? Problems.NotInToken(requirement!.Permission)
            : requirement is null && OrganizationRule.LimitOf(context.User) is not null ? Problems.Limited()
            : Problems.Forbidden(requirement?.Minimum);
    }

    private Uri SignInOf(HttpContext context) =>
        new(hub.Value.PublicUrl!, $"/signin?organization={Uri.EscapeDataString((string)context.GetRouteValue(OrganizationPolicy.RouteParameter)!)}");
}
