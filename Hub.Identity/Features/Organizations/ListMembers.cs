using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/members: who is in the organization.</summary>
public static class ListMembers
{
    [EndpointSummary("List an organization's members")]
    internal static async Task<Ok<Page<MemberResource>>> Handle([AsParameters] PageRequest page, HttpContext context, IdentityDb db, CancellationToken ct)
    {
        var after = Cursor.DecodeId(page.Cursor) ?? Guid.Empty;
        var members = await Query(db).Where(member => member.UserId > after).OrderBy(member => member.UserId).Take(page.Take).ToListAsync(ct);
        return page.Answer(context, members, item => item, item => Cursor.Of(item.UserId));
    }

    /// <summary>The members of the organization that the scope works for.</summary>
    internal static IQueryable<MemberResource> Query(IdentityDb db) =>
        from member in db.Memberships.AsNoTracking()
        join person in db.Users on member.UserId equals person.Id
        select new MemberResource
        {
            UserId = member.UserId,
            Email = person.Email!,
            Role = member.Role,
            Since = member.Since,
            Provisioned = db.ScimUsers.Any(user => user.UserId == member.UserId && user.Active),
        };
}
