using System.Globalization;
using System.Security.Claims;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Sign-ins of browsers. The cookie names a row here, and is good as long as the row is and the account has not changed.</summary>
internal sealed class Sessions(IdentityDb db, Domains domains, TimeProvider clock, IOptions<HubIdentityOptions> options)
{
    /// <summary>The authentication scheme of the Hub's pages.</summary>
    public const string Scheme = "session";

    private static readonly TimeSpan SightingInterval = TimeSpan.FromMinutes(1);

    private const string SessionClaim = "sid";
    private const string StampClaim = "stamp";
    private const string MethodsClaim = "amr";
    private const string TimeClaim = "authenticated_at";

    /// <summary>Signs the person in at this browser under a new identifier; a session it had before ends.</summary>
    /// <param name="amr">How the person proved who they are: <see cref="AuthenticationMethods"/>.</param>
    public async Task StartAsync(HttpContext http, Person person, string[] amr, CancellationToken ct)
    {
        await EndRowAsync((await FindAsync(http))?.SessionId, ct);
        var now = clock.GetUtcNow();
        var session = new Session(Guid.CreateVersion7(now), person.Id, person.SecurityStamp!, amr, now, now + options.Value.SessionLifetime,
            UserAgent.Describe(http.Request.Headers.UserAgent), http.Connection.RemoteIpAddress?.ToString());
        db.Add(session);
        await db.SaveChangesAsync(ct);
        var identity = new ClaimsIdentity(
            [
                new("sub", person.Id.ToString()), new(SessionClaim, session.Id.ToString()), new(StampClaim, session.SecurityStamp),
                new(MethodsClaim, string.Join(' ', amr)),
                new(TimeClaim, now.UtcTicks.ToString(CultureInfo.InvariantCulture)), new("email", person.Email!),
            ],
            Scheme, "email", roleType: null);
        await domains.JoinAsync(person, ct);
        await http.SignInAsync(Scheme, new ClaimsPrincipal(identity), new AuthenticationProperties { IssuedUtc = now, ExpiresUtc = session.ExpiresAt });
    }

    /// <summary>Who is signed in at this browser; null when nobody is.</summary>
    public static async Task<SignedIn?> FindAsync(HttpContext http) => (await http.AuthenticateAsync(Scheme)).Principal is { } principal ? Read(principal) : null;

    /// <summary>Signs out: the session ends for every copy of the cookie.</summary>
    public async Task EndAsync(HttpContext http, CancellationToken ct)
    {
        await EndRowAsync((await FindAsync(http))?.SessionId, ct);
        await http.SignOutAsync(Scheme);
    }

    /// <summary>Whether the cookie's session still stands; noted as used now, at most once a minute.</summary>
    public async Task<bool> IsLiveAsync(SignedIn session, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var lastSeen = await Live(session.UserId).Where(row => row.Id == session.SessionId).Select(row => (DateTimeOffset?)row.LastSeenAt).SingleOrDefaultAsync(ct);
        if (now - lastSeen > SightingInterval)
            await db.Sessions.Where(row => row.Id == session.SessionId && row.LastSeenAt == lastSeen).ExecuteUpdateAsync(set => set.SetProperty(row => row.LastSeenAt, now), ct);
        return lastSeen is not null;
    }

    /// <summary>The sessions that the person is signed in with.</summary>
    public IQueryable<Session> Live(Guid userId)
    {
        var now = clock.GetUtcNow();
        var idleSince = now - options.Value.SessionIdleLifetime;
        return db.Sessions.AsNoTracking().Where(row => row.UserId == userId && row.EndedAt == null && row.ExpiresAt > now && row.LastSeenAt > idleSince
            && db.Users.Any(person => person.Id == row.UserId && person.SecurityStamp == row.SecurityStamp && person.LockoutEnd != DateTimeOffset.MaxValue));
    }

    public static SignedIn? Read(ClaimsPrincipal principal) =>
        Guid.TryParse(principal.FindFirstValue("sub"), out var user) && Guid.TryParse(principal.FindFirstValue(SessionClaim), out var session)
            && long.TryParse(principal.FindFirstValue(TimeClaim), NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time <= DateTimeOffset.MaxValue.Ticks && principal.FindFirstValue(StampClaim) is { } stamp
            ? new(session, user, stamp, principal.FindFirstValue(MethodsClaim)?.Split(' ') ?? [], new DateTimeOffset(time, TimeSpan.Zero))
            : null;

    private async Task EndRowAsync(Guid? id, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (id is { } session)
            await db.Sessions.Where(row => row.Id == session && row.EndedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, now), ct);
    }
}

/// <summary>Looks behind each cookie.</summary>
internal sealed class SessionCookieEvents(Sessions sessions) : CookieAuthenticationEvents
{
    public override async Task ValidatePrincipal(CookieValidatePrincipalContext context)
    {
        if (Sessions.Read(context.Principal!) is not { } session || !await sessions.IsLiveAsync(session, context.HttpContext.RequestAborted))
            context.RejectPrincipal();
    }
}
