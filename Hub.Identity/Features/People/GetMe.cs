using System.Security.Claims;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Security;
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
    /// <param name="Organizations">Where the person is a member; by a token that is limited to some, those.</param>
    /// <param name="Token">The personal access token that was sent; null for who signed in.</param>
    public sealed record Response(Guid Id, string Email, bool EmailConfirmed, string? Name, MySecurity? Security, IReadOnlyList<MyOrganization> Organizations, MyToken? Token = null);

    public sealed record MyToken(Guid Id, string Name, IReadOnlyList<string> Permissions);

    /// <param name="Authenticator">Whether signing in with the password asks for an authenticator's code.</param>
    /// <param name="RecoveryCodesLeft">0 to 10.</param>
    public sealed record MySecurity(bool Password, bool Authenticator, int RecoveryCodesLeft, int Passkeys);

    public sealed record MyOrganization(Guid Id, string Slug, string Name, OrganizationRole Role);

    [EndpointSummary("Get the signed-in person")]
    internal static async Task<Results<Ok<Response>, ProblemHttpResult>> Handle(
        ClaimsPrincipal user, IdentityDb db, Organizations organizations, SecondFactors factors, Tenant tenant, CancellationToken ct)
    {
        var credential = ApiTokenIdentity.Of(user);
        if (credential is KeyCredential)
            return Problems.Create(StatusCodes.Status403Forbidden, "key.no_person", "An API key is no person. GET /v1/orgs says which organization it belongs to.");
        if (Signed.In(user, tenant) is not { } userId || await ReadAsync(userId, OrganizationRule.LimitOf(user), db, organizations, factors, ct) is not { } me)
            return Signed.Out();
        return TypedResults.Ok(credential is not PersonalCredential token ? me : me with
        {
            Organizations = [.. me.Organizations.Where(organization => token.Organizations?.Contains(organization.Id) != false)],
            Token = new(token.Id, token.Name, [.. token.Permissions.Order(StringComparer.Ordinal)]),
        });
    }

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
