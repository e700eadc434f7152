using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>GET /v1/orgs/{org}/clusters/{cluster}/approvals: every approval ever handed in, the newest first, as it was signed.</summary>
internal static class ListApprovals
{
    [EndpointSummary("List the approvals handed in for a cluster's installs")]
    internal static async Task<Results<Ok<Page<ApprovalResource>>, ProblemHttpResult>> Handle(
        string cluster, [AsParameters] PageRequest page, ClustersDb db, HttpContext http, CancellationToken ct)
    {
        if (await db.FindClusterAsync(cluster, ct) is not { } found)
            return Problems.NotFound();
        var rows = db.Approvals.AsNoTracking().Where(approval => approval.ClusterId == found.Id);
        if (Cursor.DecodeId(page.Cursor) is { } before)
            rows = rows.Where(approval => approval.Id < before);
        return page.Answer(http, await rows.OrderByDescending(approval => approval.Id).Take(page.Take).ToListAsync(ct), ApprovalResource.Of, approval => Cursor.Of(approval.Id));
    }
}
