using System.Security.Claims;
using CodeZero.Hub.Platform.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;

namespace CodeZero.Hub.Platform.Tenancy;

/// <summary>The cluster agent who makes this request. Only on routes with <see cref="AgentPolicy.RequireAgent"/>, which fills it in.</summary>
public sealed class AgentCaller
{
    private (Guid Organization, Guid Cluster, string KeyThumbprint)? _agent;

    public Guid Organization => Agent.Organization;
    public Guid Cluster => Agent.Cluster;

    /// <summary>RFC 7638 thumbprint of the key that the access token is bound to and that this request's proof was signed with.</summary>
    public string KeyThumbprint => Agent.KeyThumbprint;

    private (Guid Organization, Guid Cluster, string KeyThumbprint) Agent =>
        _agent ?? throw new InvalidOperationException("This route has no agent policy, so it has no agent.");

    internal void Become(Guid organization, Guid cluster, string keyThumbprint) => _agent = (organization, cluster, keyThumbprint);
}

/// <summary>Routes below <c>/agent/v1</c>: a DPoP-bound access token for <c>&lt;issuer&gt;/agent</c> with scope <c>agent</c>, which names the organization and cluster.</summary>
public static class AgentPolicy
{
    public const string Scope = "agent";
    public const string OrganizationClaim = "org";
    public const string ClusterClaim = "cluster";

    /// <summary>
    /// Agents may call the endpoint; the scope enters the organization of the token. That the cluster still is enrolled, and the key current, is for the endpoint to check.
    /// </summary>
    public static TBuilder RequireAgent<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.RequireAuthorization(policy => policy
            .AddAuthenticationSchemes(AccessTokens.AgentScheme).RequireAuthenticatedUser().AddRequirements(new AgentRequirement()))
            .WithMetadata(new AgentRequirement());
}

/// <summary>A cluster agent.</summary>
public sealed record AgentRequirement : IAuthorizationRequirement;

internal sealed class AgentHandler(Tenant tenant, AgentCaller agent) : AuthorizationHandler<AgentRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, AgentRequirement requirement)
    {
        var scopes = context.User.FindFirstValue("scope")?.Split(' ') ?? [];
        if (scopes.Contains(AgentPolicy.Scope)
            && Guid.TryParse(context.User.FindFirstValue(AgentPolicy.OrganizationClaim), out var organization)
            && Guid.TryParse(context.User.FindFirstValue(AgentPolicy.ClusterClaim), out var cluster)
            && context.User.FindFirstValue(AccessTokens.BoundKeyClaim) is { } thumbprint)
        {
            tenant.Enter(organization);
            agent.Become(organization, cluster, thumbprint);
            context.Succeed(requirement);
        }
        return Task.CompletedTask;
    }
}
