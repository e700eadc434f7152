using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/invitations/{invitation}.</summary>
public static class GetInvitation
{
    [EndpointSummary("Get an invitation")]
    internal static async Task<Results<Ok<InvitationResource>, ProblemHttpResult>> Handle(Guid invitation, IdentityDb db, TimeProvider clock, CancellationToken ct) =>
        await db.Invitations.AsNoTracking().SingleOrDefaultAsync(row => row.Id == invitation, ct) is { } found
            ? TypedResults.Ok(InvitationResource.Of(found, clock.GetUtcNow()))
            : Problems.NotFound();
}
