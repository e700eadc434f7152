using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Clusters.AgentLink;

/// <summary>A token lives for minutes, a revocation for ever: every request of an agent is held against the key that speaks for its cluster now.</summary>
internal sealed class CurrentAgentFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var services = http.RequestServices;
        return await IsCurrentAsync(services.GetRequiredService<AgentDirectory>(), services.GetRequiredService<AgentCaller>(), http.RequestAborted)
            ? await next(context)
            : Revoked();
    }

    internal static async ValueTask<bool> IsCurrentAsync(AgentDirectory directory, AgentCaller caller, CancellationToken ct) =>
        await directory.FindAsync(caller.Organization, caller.Cluster, ct) is { } agent && agent.Thumbprint == caller.KeyThumbprint;

    internal static ProblemHttpResult Revoked() => Problems.Create(StatusCodes.Status401Unauthorized, "agent.revoked",
        "This key no longer speaks for its cluster: it was revoked, replaced, or the cluster was removed. Leave the workloads as they are; enrol again with a new token to go on.");
}
