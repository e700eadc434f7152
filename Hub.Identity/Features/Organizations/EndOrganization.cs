using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/orgs/{org}: ends an organization for good, when nothing of it is left that people must end by themselves.</summary>
public static class EndOrganization
{
    [EndpointSummary("End an organization")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(Caller caller, IdentityDb db, OrganizationSettings settings, CancellationToken ct)
    {
        if (await settings.FindHoldsAsync(caller.Organization, ct) is { Count: > 0 } reasons)
            return Problems.Conflict("organization.in_use", $"The organization cannot end yet. {string.Join(" ", reasons)}", new Dictionary<string, object?> { ["reasons"] = reasons });
        await db.Database.BeginTransactionAsync(ct);
        return await settings.EndAsync(caller.Organization, caller.OrganizationSlug, ct) ? TypedResults.NoContent() : Problems.NotFound(); // somebody else ended it in this moment
    }
}
