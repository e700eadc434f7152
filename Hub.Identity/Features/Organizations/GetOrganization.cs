using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}: an organization the caller is a member of.</summary>
public static class GetOrganization
{
    /// <param name="Role">The caller's own.</param>
    public sealed record Response(Guid Id, string Slug, string Name, OrganizationRole Role, DateTimeOffset CreatedAt)
    {
        internal static Response Of(Domain.Organization organization, Caller caller) =>
            new(organization.OrganizationId, caller.OrganizationSlug, organization.Name, caller.Role, organization.CreatedAt);
    }

    [EndpointSummary("Get an organization")]
    internal static async Task<Ok<Response>> Handle(HttpResponse response, Caller caller, IdentityDb db, CancellationToken ct)
    {
        var organization = await db.Organizations.AsNoTracking().SingleAsync(ct);
        response.Headers.ETag = ETags.OfVersion(organization.RowVersion);
        return TypedResults.Ok(Response.Of(organization, caller));
    }
}
