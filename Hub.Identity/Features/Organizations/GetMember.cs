using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>A member, as the API shows them.</summary>
public sealed record MemberResource
{
    public required Guid UserId { get; init; }
    public required string Email { get; init; }
    public required OrganizationRole Role { get; init; }
    public required DateTimeOffset Since { get; init; }

    /// <summary>Whether the organization's directory says that they are one (SCIM); then it is changed there.</summary>
    public required bool Provisioned { get; init; }
}

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
                         select new { member, person.Email, Provisioned = db.ScimUsers.Any(user => user.UserId == member.UserId && user.Active) }).SingleOrDefaultAsync(ct);
        if (row is null)
            return null;
        response.Headers.ETag = ETags.OfVersion(row.member.RowVersion);
        return new() { UserId = row.member.UserId, Email = row.Email!, Role = row.member.Role, Since = row.member.Since, Provisioned = row.Provisioned };
    }
}
