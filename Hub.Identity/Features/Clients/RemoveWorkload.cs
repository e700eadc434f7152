using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/orgs/{org}/clients/{client}/workloads/{workload}: the service account may act as the client no longer.</summary>
public static class RemoveWorkload
{
    [EndpointSummary("Let a service account act as a client no longer")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid client, Guid workload, IdentityDb db, Workloads workloads, CancellationToken ct)
    {
        if (await db.Workloads.SingleOrDefaultAsync(row => row.ClientId == client && row.Id == workload, ct) is not { } found)
            return Problems.NotFound();
        await workloads.RemoveAsync(found, ct);
        return TypedResults.NoContent();
    }
}
