using System.Security.Claims;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/me: who is signed in, and where they are a member.</summary>
public static class GetMe
{
    public sealed record Response(Guid Id, string Email, IReadOnlyList<MyOrganization> Organizations);

    public sealed record MyOrganization(Guid Id, string Slug, string Name, OrganizationRole Role);

    [EndpointSummary("Get the signed-in person")]
    internal static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(ClaimsPrincipal user, IdentityDb db, Organizations organizations, Tenant tenant, CancellationToken ct)
    {
        if (Signed.In(user, tenant) is not { } userId || await db.Users.AsNoTracking().SingleOrDefaultAsync(person => person.Id == userId, ct) is not { } person)
            return Signed.Out();
        var memberships = await db.InTransactionAsync(() => organizations.OfPerson(userId).OrderBy(membership => membership.Slug).ToListAsync(ct), ct);
        return TypedResults.Ok(new Response(person.Id, person.Email!, [.. memberships.Select(m => new MyOrganization(m.OrganizationId, m.Slug, m.Name, m.Role))]));
    }
}

/// <summary>The person of a token, on routes without an organization.</summary>
internal static class Signed
{
    /// <summary>Names the person to this scope's tenant; null when the token is no person's.</summary>
    public static Guid? In(ClaimsPrincipal user, Tenant tenant)
    {
        if (!Guid.TryParse(user.FindFirstValue("sub"), out var id))
            return null;
        tenant.SignIn(id);
        return id;
    }

    public static ProblemHttpResult Out() => Problems.Create(StatusCodes.Status401Unauthorized, "unauthorized", "The account of this access token does not exist any more. Sign in again.");
}
