using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>An enrolment without its token.</summary>
/// <param name="Agent">Who used it; null while nobody has.</param>
public sealed record EnrolmentResource(Guid Id, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, EnrolmentState State, EnrollingAgent? Agent);

/// <summary>An agent that used an enrolment.</summary>
/// <param name="Thumbprint">RFC 7638 thumbprint of its key. Compare it with what the agent itself shows before accepting.</param>
/// <param name="ClusterUid">UID of the namespace <c>kube-system</c>, as the agent says.</param>
/// <param name="Address">The IP address it came from.</param>
public sealed record EnrollingAgent(string Thumbprint, string ClusterUid, string Address, DateTimeOffset RequestedAt, AgentStatus Status);

/// <summary>GET /v1/orgs/{org}/clusters/{cluster}/enrolments: the newest first, with who used them.</summary>
internal static class ListEnrolments
{
    [EndpointSummary("List a cluster's enrolments and who used them")]
    internal static async Task<Results<Ok<Page<EnrolmentResource>>, ProblemHttpResult>> Handle(
        string cluster, [AsParameters] PageRequest page, ClustersDb db, TimeProvider clock, HttpContext http, CancellationToken ct)
    {
        if (await db.FindClusterAsync(cluster, ct) is not { } found)
            return Problems.NotFound();
        var query = db.Enrolments.AsNoTracking().Where(enrolment => enrolment.ClusterId == found.Id);
        if (Cursor.DecodeId(page.Cursor) is { } before)
            query = query.Where(enrolment => enrolment.Id < before);
        var rows = await query.OrderByDescending(enrolment => enrolment.Id).Take(page.Take).ToListAsync(ct);
        var ids = rows.Select(enrolment => enrolment.Id).ToList();
        var agents = await db.Agents.AsNoTracking().Where(agent => ids.Contains(agent.EnrolmentId)).ToDictionaryAsync(agent => agent.EnrolmentId, ct);
        var now = clock.GetUtcNow();
        return page.Answer(http, rows, enrolment => ToResource(enrolment, agents.GetValueOrDefault(enrolment.Id), now), enrolment => Cursor.Of(enrolment.Id));
    }

    private static EnrolmentResource ToResource(Enrolment enrolment, Agent? agent, DateTimeOffset now) => new(
        enrolment.Id, enrolment.CreatedAt, enrolment.ExpiresAt, enrolment.StateAt(now),
        agent is null ? null : new(agent.Thumbprint, agent.ClusterUid, agent.Address, agent.RequestedAt, agent.Status));
}
