using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/domains: the domains the organization claims, verified or not.</summary>
public static class ListDomains
{
    [EndpointSummary("List an organization's domains")]
    internal static async Task<Ok<Page<DomainResource>>> Handle([AsParameters] PageRequest page, HttpContext context, IdentityDb db, CancellationToken ct)
    {
        var after = Cursor.Decode(page.Cursor, 1)?[0] ?? "";
        var rows = await db.Domains.AsNoTracking().Where(domain => domain.Name.CompareTo(after) > 0).OrderBy(domain => domain.Name).Take(page.Take).ToListAsync(ct);
        return page.Answer(context, rows, DomainResource.Of, domain => [domain.Name]);
    }
}
