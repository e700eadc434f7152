using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>PATCH /v1/orgs/{org}, with If-Match: another name. The slug never changes.</summary>
public static class ChangeOrganization
{
    public sealed record Request([Required, StringLength(Organization.MaxNameLength)] string Name);

    [EndpointSummary("Rename an organization")]
    internal static async Task<Results<Ok<GetOrganization.Response>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Caller caller, IdentityDb db, OrganizationSettings settings, CancellationToken ct)
    {
        if (OrganizationName.FindFault(request.Name) is { } fault)
            return Problems.Invalid("name", fault);
        if (await db.Organizations.SingleOrDefaultAsync(ct) is not { } organization)
            return Problems.NotFound(); // it was ended in this moment
        if (ETags.RequireMatch(http.Request, ETags.OfVersion(organization.RowVersion)) is { } refused)
            return refused;
        await settings.RenameAsync(organization, request.Name.Trim(), ct);
        http.Response.Headers.ETag = ETags.OfVersion(organization.RowVersion);
        return TypedResults.Ok(GetOrganization.Response.Of(organization, caller));
    }
}
