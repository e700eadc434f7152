using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /v1/invitations/acceptance: the signed-in person becomes a member, by the token of the message to their confirmed e-mail address. It works once.</summary>
public static class AcceptInvitation
{
    /// <param name="Token">The last part of the address in the message.</param>
    public sealed record Request([Required, StringLength(InvitationToken.Length, MinimumLength = InvitationToken.Length)] string Token);

    /// <param name="Role">The role in which the person is now a member.</param>
    public sealed record Response(Guid Id, string Slug, string Name, OrganizationRole Role);

    [EndpointSummary("Accept an invitation")]
    internal static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(
        Request request, ClaimsPrincipal user, IdentityDb db, Tenant tenant, Invitations invitations, Organizations organizations, CancellationToken ct)
    {
        if (Signed.In(user, tenant) is not { } userId)
            return Signed.Out();
        if (InvitationToken.Parse(request.Token) is not { } token)
            return Problems.NotFound();
        tenant.Enter(token.Organization); // the token says so, and sees nothing there but the invitation that it is of
        await db.Database.BeginTransactionAsync(ct);
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == userId, ct) is not { } person)
            return Signed.Out();
        if (InvitationProblems.Of(await invitations.AcceptAsync(token, person, ct)) is { } problem)
            return problem;
        var membership = await organizations.OfPerson(userId).SingleAsync(row => row.OrganizationId == token.Organization, ct);
        return TypedResults.Ok(new Response(membership.OrganizationId, membership.Slug, membership.Name, membership.Role));
    }
}
