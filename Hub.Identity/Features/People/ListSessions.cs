using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/me/sessions: the browsers the caller is signed in at, the oldest first.</summary>
public static class ListSessions
{
    /// <param name="Device">The browser and its system, as it calls itself: <c>Firefox on Windows</c>.</param>
    /// <param name="Address">The network address it began at.</param>
    /// <param name="LastSeenAt">To about a minute.</param>
    /// <param name="ExpiresAt">The end, however much it is used; unused it ends earlier.</param>
    public sealed record Item(Guid Id, string Device, string? Address, DateTimeOffset Since, DateTimeOffset LastSeenAt, DateTimeOffset ExpiresAt);

    [EndpointSummary("List the browsers you are signed in at")]
    internal static async Task<Results<Ok<Page<Item>>, ProblemHttpResult>> Handle(
        [AsParameters] PageRequest page, HttpContext context, ClaimsPrincipal user, Tenant tenant, Sessions sessions, CancellationToken ct)
    {
        if (Signed.In(user, tenant) is not { } userId)
            return Signed.Out();
        var after = Cursor.DecodeId(page.Cursor) ?? Guid.Empty;
        var rows = await sessions.Live(userId).Where(session => session.Id > after).OrderBy(session => session.Id).Take(page.Take)
            .Select(session => new Item(session.Id, session.Device, session.Address, session.AuthenticatedAt, session.LastSeenAt, session.ExpiresAt)).ToListAsync(ct);
        return page.Answer(context, rows, item => item, item => Cursor.Of(item.Id));
    }
}
