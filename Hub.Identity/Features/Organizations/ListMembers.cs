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
        var members =
            from member in db.Memberships
            join person in db.Users on member.UserId equals person.Id
            where member.UserId > after
            orderby member.UserId
            select new MemberResource(member.UserId, person.Email!, member.Role, member.Since);
        return page.Answer(context, await members.Take(page.Take).ToListAsync(ct), item => item, item => Cursor.Of(item.UserId));
    }
}
