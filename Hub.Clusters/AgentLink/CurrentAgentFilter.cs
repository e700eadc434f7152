using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Clusters.AgentLink;

/// <summary>
/// A token lives for minutes, a revocation for ever: every request of an agent is held against the key that speaks for its cluster now. That <see cref="CurrentAgent"/>
/// is a feature of the requests that pass.
/// </summary>
internal sealed class CurrentAgentFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var (directory, caller) = (http.RequestServices.GetRequiredService<AgentDirectory>(), http.RequestServices.GetRequiredService<AgentCaller>());
        if (await directory.FindAsync(caller.Organization, caller.Cluster, caller.KeyThumbprint, http.RequestAborted) is not { } agent)
            return Revoked();
        http.Features.Set(agent);
        return await next(context);
    }

    internal static ProblemHttpResult Revoked() => Problems.Create(StatusCodes.Status401Unauthorized, "agent.revoked",
        "This key no longer speaks for its cluster: it was revoked, replaced, or the cluster was removed. Leave the workloads as they are; enrol again with a new token to go on.");
}
