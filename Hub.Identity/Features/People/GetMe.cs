using System.Security.Claims;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/me: who is signed in, how their account is guarded, and where they are a member. A limited token is told of its organization alone, and not how the account is guarded.</summary>
public static class GetMe
{
    /// <param name="Name">What the person wants to be called; null when they did not say.</param>
    /// <param name="EmailConfirmed">Whether the address was shown to be theirs. Until then no organization takes it as proof of who they are.</param>
    /// <param name="Security">Null for a token that is limited to one organization.</param>
    public sealed record Response(Guid Id, string Email, bool EmailConfirmed, string? Name, MySecurity? Security, IReadOnlyList<MyOrganization> Organizations);

    /// <param name="Authenticator">Whether signing in with the password asks for an authenticator's code.</param>
    /// <param name="RecoveryCodesLeft">0 to 10.</param>
    public sealed record MySecurity(bool Password, bool Authenticator, int RecoveryCodesLeft, int Passkeys);

    public sealed record MyOrganization(Guid Id, string Slug, string Name, OrganizationRole Role);

    [EndpointSummary("Get the signed-in person")]
    internal static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(
        ClaimsPrincipal user, IdentityDb db, Organizations organizations, SecondFactors factors, Tenant tenant, CancellationToken ct) =>
        Signed.In(user, tenant) is { } userId && await ReadAsync(userId, OrganizationRule.LimitOf(user), db, organizations, factors, ct) is { } response ? TypedResults.Ok(response) : Signed.Out();

    internal static async Task<Response?> ReadAsync(Guid userId, Guid? limitedTo, IdentityDb db, Organizations organizations, SecondFactors factors, CancellationToken ct)
    {
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(person => person.Id == userId, ct) is not { } person)
            return null;
        var memberships = await db.InTransactionAsync(() => organizations.OfPerson(userId, limitedTo).OrderBy(membership => membership.Slug).ToListAsync(ct), ct);
        var second = await factors.ReadAsync(userId, ct);
        var passkeys = await db.Set<IdentityUserPasskey<Guid>>().CountAsync(passkey => passkey.UserId == userId, ct);
        return new(person.Id, person.Email!, person.EmailConfirmed, person.Name, limitedTo is null ? new(person.PasswordHash is not null, second.HasAuthenticator, second.RecoveryCodesLeft, passkeys) : null,
            [.. memberships.Select(m => new MyOrganization(m.OrganizationId, m.Slug, m.Name, m.Role))]);
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
