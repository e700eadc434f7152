using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/me/tokens: the caller's tokens, the oldest first; the newest of those that ended too.</summary>
public static class ListPersonalTokens
{
    [EndpointSummary("List your personal access tokens")]
    internal static async Task<Results<Ok<Page<PersonalTokenResource>>, ProblemHttpResult>> Handle(
        [AsParameters] PageRequest page, HttpContext context, ClaimsPrincipal user, Tenant tenant, PersonalTokens tokens, TimeProvider clock, CancellationToken ct)
    {
        if (Signed.In(user, tenant) is not { } userId)
            return Signed.Out();
        var (after, now) = (Cursor.DecodeId(page.Cursor) ?? Guid.Empty, clock.GetUtcNow());
        var rows = await tokens.Of(userId).Where(token => token.Id > after).OrderBy(token => token.Id).Take(page.Take).ToListAsync(ct);
        return page.Answer(context, rows, row => PersonalTokenResource.Of(row, now), row => Cursor.Of(row.Id));
    }
}
