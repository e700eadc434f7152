using System.Security.Claims;
using CodeZero.Hub.Identity.Data;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// Who gave the right password and still owes the second factor. It stands in a cookie of its own, which no page takes for a session, for a few minutes and while
/// the account is as it was.
/// </summary>
internal sealed class FirstFactor(IdentityDb db, TimeProvider clock)
{
    /// <summary>The authentication scheme of the cookie.</summary>
    public const string Scheme = "first-factor";

    private const string StampClaim = "stamp";
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    public Task RememberAsync(HttpContext http, Person person)
    {
        var now = clock.GetUtcNow();
        var identity = new ClaimsIdentity([new("sub", person.Id.ToString()), new(StampClaim, person.SecurityStamp!)], Scheme);
        return http.SignInAsync(Scheme, new ClaimsPrincipal(identity), new AuthenticationProperties { IssuedUtc = now, ExpiresUtc = now + Lifetime });
    }

    /// <summary>Whose second factor is awaited at this browser; null when nobody's.</summary>
    public async Task<Guid?> FindAsync(HttpContext http, CancellationToken ct)
    {
        var principal = (await http.AuthenticateAsync(Scheme)).Principal;
        if (!Guid.TryParse(principal?.FindFirstValue("sub"), out var userId) || principal.FindFirstValue(StampClaim) is not { } stamp)
            return null;
        return await db.Users.AnyAsync(person => person.Id == userId && person.SecurityStamp == stamp && person.TwoFactorEnabled, ct) ? userId : null;
    }

    public static Task ForgetAsync(HttpContext http) => http.SignOutAsync(Scheme);
}
