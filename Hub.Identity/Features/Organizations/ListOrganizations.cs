using System.Security.Claims;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs: the caller's organizations, the oldest first; by a limited token the one that it is for.</summary>
public static class ListOrganizations
{
    [EndpointSummary("List the signed-in person's organizations")]
    internal static async Task<Results<Ok<Page<GetMe.MyOrganization>>, ProblemHttpResult>> Handle(
        [AsParameters] PageRequest page, HttpContext context, ClaimsPrincipal user, IdentityDb db, Organizations organizations, Tenant tenant, CancellationToken ct)
    {
        if (Signed.In(user, tenant) is not { } userId)
            return Signed.Out();
        var after = Cursor.DecodeId(page.Cursor) ?? Guid.Empty;
        var rows = await db.InTransactionAsync(() => organizations.OfPerson(userId, OrganizationRule.LimitOf(user))
            .Where(membership => membership.OrganizationId > after).OrderBy(membership => membership.OrganizationId).Take(page.Take).ToListAsync(ct), ct);
        return page.Answer(context, rows, row => new GetMe.MyOrganization(row.OrganizationId, row.Slug, row.Name, row.Role), row => Cursor.Of(row.OrganizationId));
    }
}
