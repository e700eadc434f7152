using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Clusters.AgentLink;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>
/// POST /v1/orgs/{org}/clusters/{cluster}/agent/acceptance: a member has compared the thumbprint with the one the agent itself shows, and lets exactly that key
/// speak for the cluster. The one that did before is replaced, all other requests are refused.
/// </summary>
public static partial class AcceptAgent
{
    /// <param name="Thumbprint">RFC 7638, 43 characters, as the agent's log and its ConfigMap <c>codezero-agent</c> show it.</param>
    public sealed record Request([Required, StringLength(43, MinimumLength = 43)] string Thumbprint);

    [EndpointSummary("Accept the agent with this thumbprint")]
    internal static async Task<Results<Ok<ClusterResource>, ProblemHttpResult>> Handle(
        string cluster, Request request, ClustersDb db, Caller caller, Acceptance acceptance, IAuditLog audit, ILogger<Agent> log, CancellationToken ct)
    {
        if (await db.LockClusterAsync(cluster, ct) is not { } found)
            return Problems.NotFound();
        var agents = await db.Agents.Where(agent => agent.ClusterId == found.Id && (agent.Status == AgentStatus.Pending || agent.Status == AgentStatus.Accepted))
            .OrderByDescending(agent => agent.RequestedAt).ToListAsync(ct);
        var named = agents.Where(agent => agent.Thumbprint == request.Thumbprint).ToList();
        if (named.FirstOrDefault(agent => agent.Status == AgentStatus.Pending) is { } pending)
        {
            if (await acceptance.AcceptAsync(found, pending, agents, caller.Id, ct) is { } refused)
                return refused;
            await audit.RecordAsync(new("agent.accepted", "cluster", found.Id)
            {
                TargetName = found.Name,
                Before = agents.FirstOrDefault(agent => agent.Status == AgentStatus.Replaced) is { } replaced ? new { replaced.Thumbprint } : null,
                After = new { pending.Thumbprint, pending.ClusterUid, pending.Address },
            }, ct);
            Accepted(log, caller.Organization, found.Id, pending.Thumbprint);
        }
        else if (named.Count == 0)
            return NoSuchAgent(found, [.. agents.Where(agent => agent.Status == AgentStatus.Pending)]);
        return TypedResults.Ok(await db.ToResourceAsync(found, caller.OrganizationSlug, ct));
    }

    private static ProblemHttpResult NoSuchAgent(Cluster cluster, IReadOnlyList<Agent> pending) => pending.Count == 0
        ? Problems.Conflict("agent.none_pending", $"No agent waits for acceptance at cluster {cluster.Name}. Let one join first, with the token of a new enrolment.")
        : Problems.Conflict("agent.thumbprint_differs",
            "No agent with this thumbprint waits for acceptance. If the agent's own log shows another one, read it again there; do not copy it from here. If none of those that wait is yours, somebody else used the token: revoke the agent and make a new enrolment.",
            new Dictionary<string, object?> { ["pending"] = pending.Select(agent => new { agent.Thumbprint, agent.ClusterUid, agent.Address, agent.RequestedAt }).ToList() });

    [LoggerMessage(3005, LogLevel.Information, "Organization {Organization} accepted agent {Thumbprint} of cluster {Cluster}")]
    private static partial void Accepted(ILogger log, Guid organization, Guid cluster, string thumbprint);
}
