using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/keys: the organization's API keys, the oldest first; the newest of those that ended too.</summary>
public static class ListApiKeys
{
    [EndpointSummary("List API keys")]
    internal static async Task<Ok<Page<ApiKeyResource>>> Handle([AsParameters] PageRequest page, HttpContext context, IdentityDb db, TimeProvider clock, CancellationToken ct)
    {
        var (after, now) = (Cursor.DecodeId(page.Cursor) ?? Guid.Empty, clock.GetUtcNow());
        var keys = await db.ApiKeys.AsNoTracking().Where(key => key.Id > after).OrderBy(key => key.Id).Take(page.Take).ToListAsync(ct);
        return page.Answer(context, keys, key => ApiKeyResource.Of(key, now), key => Cursor.Of(key.Id));
    }
}
