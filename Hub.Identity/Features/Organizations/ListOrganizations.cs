using System.Security.Claims;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs: the caller's organizations, the oldest first; by a token that is limited to some, those; by an API key, its own.</summary>
public static class ListOrganizations
{
    [EndpointSummary("List the signed-in person's organizations")]
    internal static async Task<Results<Ok<Page<GetMe.MyOrganization>>, ProblemHttpResult>> Handle(
        [AsParameters] PageRequest page, HttpContext context, ClaimsPrincipal user, IdentityDb db, Organizations organizations, Tenant tenant, CancellationToken ct)
    {
        var (credential, after) = (ApiTokenIdentity.Of(user), Cursor.DecodeId(page.Cursor) ?? Guid.Empty);
        if (credential is KeyCredential { Membership: var own })
            return TypedResults.Ok(new Page<GetMe.MyOrganization>(own.OrganizationId > after ? [new(own.OrganizationId, own.Slug, own.Name, own.Role)] : [], null));
        if (Signed.In(user, tenant) is not { } userId)
            return Signed.Out();
        var only = (credential as PersonalCredential)?.Organizations?.ToArray();
        var rows = await db.InTransactionAsync(() => organizations.OfPerson(userId, OrganizationRule.LimitOf(user))
            .Where(membership => membership.OrganizationId > after && (only == null || only.Contains(membership.OrganizationId))).OrderBy(membership => membership.OrganizationId).Take(page.Take).ToListAsync(ct), ct);
        return page.Answer(context, rows, row => new GetMe.MyOrganization(row.OrganizationId, row.Slug, row.Name, row.Role), row => Cursor.Of(row.OrganizationId));
    }
}
