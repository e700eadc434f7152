using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>PATCH /v1/orgs/{org}/members/{user}, with If-Match: another role, neither it nor the one before above the caller's own; to or from owner only by a recent sign-in.</summary>
public static class ChangeMember
{
    public sealed record Request([Required] OrganizationRole? Role);

    [EndpointSummary("Change a member's role")]
    internal static async Task<Results<Ok<MemberResource>, ProblemHttpResult>> Handle(
        Guid user, Request request, HttpContext http, Caller caller, IdentityDb db, Memberships memberships, CancellationToken ct)
    {
        await memberships.LockAsync(ct); // what is compared must be what is changed
        if (await db.Memberships.AsNoTracking().SingleOrDefaultAsync(member => member.UserId == user, ct) is not { } present)
            return Problems.NotFound();
        if (ETags.RequireMatch(http.Request, ETags.OfVersion(present.RowVersion)) is { } refused)
            return refused;
        if (MembershipProblems.Of(await memberships.ChangeRoleAsync(user, request.Role!.Value, caller.Id, RecentSignIn.ProofOf(http), ct)) is { } problem)
            return problem;
        return await GetMember.AnswerAsync(user, http.Response, db, ct) is { } member ? TypedResults.Ok(member) : Problems.NotFound();
    }
}
