using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/clients/{client}/workloads: the service accounts that may act as the client, the oldest first.</summary>
public static class ListWorkloads
{
    [EndpointSummary("List the service accounts that may act as a client")]
    internal static async Task<Results<Ok<Page<WorkloadResource>>, ProblemHttpResult>> Handle(Guid client, [AsParameters] PageRequest page, HttpContext context, IdentityDb db, CancellationToken ct)
    {
        if (!await db.Clients.AnyAsync(row => row.Id == client, ct))
            return Problems.NotFound();
        var after = Cursor.DecodeId(page.Cursor) ?? Guid.Empty;
        var workloads = await db.Workloads.AsNoTracking().Where(workload => workload.ClientId == client && workload.Id > after).OrderBy(workload => workload.Id).Take(page.Take).ToListAsync(ct);
        return page.Answer(context, workloads, WorkloadResource.Of, workload => Cursor.Of(workload.Id));
    }
}
