using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/invitations: the newest first; of those that were settled, the ones of the last three months.</summary>
public static class ListInvitations
{
    [EndpointSummary("List invitations")]
    internal static async Task<Ok<Page<InvitationResource>>> Handle([AsParameters] PageRequest page, HttpContext context, IdentityDb db, TimeProvider clock, CancellationToken ct)
    {
        IQueryable<Invitation> invitations = db.Invitations.AsNoTracking();
        if (Cursor.DecodeId(page.Cursor) is { } before)
            invitations = invitations.Where(invitation => invitation.Id < before);
        var now = clock.GetUtcNow();
        return page.Answer(context, await invitations.OrderByDescending(invitation => invitation.Id).Take(page.Take).ToListAsync(ct),
            invitation => InvitationResource.Of(invitation, now), invitation => Cursor.Of(invitation.Id));
    }
}
