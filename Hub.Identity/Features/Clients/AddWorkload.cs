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

/// <summary>POST /v1/orgs/{org}/clients/{client}/workloads: lets a service account of a cluster act as the client.</summary>
public static class AddWorkload
{
    [EndpointSummary("Let a cluster's service account act as a client")]
    internal static async Task<Results<Created<WorkloadResource>, ValidationProblem, ProblemHttpResult>> Handle(
        Guid client, WorkloadSettings request, HttpContext http, Caller caller, IdentityDb db, Workloads workloads, IOptions<HubIdentityOptions> options, CancellationToken ct)
    {
        if (await db.Clients.SingleOrDefaultAsync(row => row.Id == client, ct) is not { } found)
            return Problems.NotFound();
        var (settings, faults) = WorkloadRules.Check(request, options.Value.Issuer, caller.Organization);
        if (settings is null)
            return TypedResults.ValidationProblem(faults.ToDictionary());
        var (outcome, workload) = await workloads.AddAsync(found, settings, caller.Id, ct);
        if (workload is null)
            return WorkloadProblems.Of(outcome);
        http.Response.Headers.ETag = ETags.OfVersion(workload.Version);
        return TypedResults.Created($"/v1/orgs/{caller.OrganizationSlug}/clients/{client}/workloads/{workload.Id}", WorkloadResource.Of(workload));
    }
}
