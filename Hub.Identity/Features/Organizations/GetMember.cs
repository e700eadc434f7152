using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>A member, as the API shows them.</summary>
public sealed record MemberResource(Guid UserId, string Email, OrganizationRole Role, DateTimeOffset Since);

/// <summary>GET /v1/orgs/{org}/members/{user}: one member, with the ETag that a change needs.</summary>
public static class GetMember
{
    [EndpointSummary("Get a member")]
    internal static async Task<Results<Ok<MemberResource>, ProblemHttpResult>> Handle(Guid user, HttpResponse response, IdentityDb db, CancellationToken ct) =>
        await AnswerAsync(user, response, db, ct) is { } member ? TypedResults.Ok(member) : Problems.NotFound();

    /// <summary>The member as they are now, with their ETag; null when there is none.</summary>
    internal static async Task<MemberResource?> AnswerAsync(Guid user, HttpResponse response, IdentityDb db, CancellationToken ct)
    {
        var row = await (from member in db.Memberships.AsNoTracking()
                         join person in db.Users on member.UserId equals person.Id
                         where member.UserId == user
                         select new { member, person.Email }).SingleOrDefaultAsync(ct);
        if (row is null)
            return null;
        response.Headers.ETag = ETags.OfVersion(row.member.RowVersion);
        return new(row.member.UserId, row.Email!, row.member.Role, row.member.Since);
    }
}
