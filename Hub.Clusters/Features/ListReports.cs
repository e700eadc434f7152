using System.Text.Json;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>A report as the agent sent it.</summary>
/// <param name="Serial">Of the last state it had accepted.</param>
public sealed record ReportResource(Guid Id, DateTimeOffset ReceivedAt, long? Serial, JsonElement Report);

/// <summary>GET /v1/orgs/{org}/clusters/{cluster}/reports: the newest first, of the last <see cref="StoredReport.Kept"/>.</summary>
internal static class ListReports
{
    [EndpointSummary("List the agent's latest reports")]
    internal static async Task<Results<Ok<Page<ReportResource>>, ProblemHttpResult>> Handle(
        string cluster, [AsParameters] PageRequest page, ClustersDb db, HttpContext http, CancellationToken ct)
    {
        if (await db.FindClusterAsync(cluster, ct) is not { } found)
            return Problems.NotFound();
        var rows = db.Reports.AsNoTracking().Where(report => report.ClusterId == found.Id);
        if (Cursor.DecodeId(page.Cursor) is { } before)
            rows = rows.Where(report => report.Id < before);
        return page.Answer(http, await rows.OrderByDescending(report => report.Id).Take(page.Take).ToListAsync(ct), ToResource, report => Cursor.Of(report.Id));
    }

    private static ReportResource ToResource(StoredReport report) => new(report.Id, report.ReceivedAt, report.Serial, JsonElement.Parse(report.Content));
}
