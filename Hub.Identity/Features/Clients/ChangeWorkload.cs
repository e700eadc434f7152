using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Features;

/// <summary>PUT /v1/orgs/{org}/clients/{client}/workloads/{workload}, with If-Match: replaces all of it, as when the cluster changes its keys.</summary>
public static class ChangeWorkload
{
    [EndpointSummary("Change a service account that may act as a client")]
    internal static async Task<Results<Ok<WorkloadResource>, ValidationProblem, ProblemHttpResult>> Handle(
        Guid client, Guid workload, WorkloadSettings request, HttpContext http, Caller caller, IdentityDb db, Workloads workloads, IOptions<HubIdentityOptions> options, CancellationToken ct)
    {
        if (await db.Workloads.SingleOrDefaultAsync(row => row.ClientId == client && row.Id == workload, ct) is not { } found)
            return Problems.NotFound();
        if (ETags.RequireMatch(http.Request, ETags.OfVersion(found.Version)) is { } refused)
            return refused;
        var (settings, faults) = WorkloadRules.Check(request, options.Value.Issuer, caller.Organization);
        if (settings is null)
            return TypedResults.ValidationProblem(faults.ToDictionary());
        if (await workloads.ChangeAsync(found, settings, ct) is not WorkloadOutcome.Done and var outcome)
            return WorkloadProblems.Of(outcome);
        http.Response.Headers.ETag = ETags.OfVersion(found.Version);
        return TypedResults.Ok(WorkloadResource.Of(found));
    }
}
