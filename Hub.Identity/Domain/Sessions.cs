using System.Globalization;
using System.Security.Claims;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Sign-ins of browsers. The cookie names a row here, and is good as long as the row is and the account has not changed.</summary>
internal sealed class Sessions(IdentityDb db, UserManager<Person> users, TokenFamilies families, Domains domains, TimeProvider clock, IOptions<HubIdentityOptions> options)
{
    /// <summary>The authentication scheme of the Hub's pages.</summary>
    public const string Scheme = "session";

    private static readonly TimeSpan SightingInterval = TimeSpan.FromMinutes(1);

    private const string SessionClaim = "sid";
    private const string StampClaim = "stamp";
    private const string MethodsClaim = "amr";
    private const string TimeClaim = "authenticated_at";
    private const string LimitClaim = "limited_to";

    /// <summary>Signs the person in at this browser under a new identifier; a session it had before ends.</summary>
    /// <param name="amr">How the person proved who they are: <see cref="AuthenticationMethods"/>.</param>
    /// <param name="limitedTo">The organization whose provider vouched for the person, and for which alone the session then is; null: they used factors of their own.</param>
    public async Task StartAsync(HttpContext http, Person person, string[] amr, CancellationToken ct, Guid? limitedTo = null)
    {
        await EndRowAsync((await FindAsync(http))?.SessionId, ct);
        var now = clock.GetUtcNow();
        var session = new Session(Guid.CreateVersion7(now), person.Id, person.SecurityStamp!, amr, now, now + options.Value.SessionLifetime,
            UserAgent.Describe(http.Request.Headers.UserAgent), http.Connection.RemoteIpAddress?.ToString(), limitedTo);
        await KeepAsync(http, session, person.Email!, ct);
        if (limitedTo is null)
            await domains.JoinAsync(person, ct);
    }

    /// <summary>
    /// Goes on in a new session as old as the one before: for the browser that changed the account, while all others end. A session that was ended meanwhile stays ended.
    /// </summary>
    /// <param name="before">The session that the request came with.</param>
    /// <param name="stamp">The account's stamp that the change made, and no later one: what has ended sign-ins since ends this one too.</param>
    /// <param name="more">What the person has proved by the change, beside how they signed in: <see cref="AuthenticationMethods"/>.</param>
    /// <returns>False when the session had ended.</returns>
    public async Task<bool> RenewAsync(HttpContext http, SignedIn before, string stamp, CancellationToken ct, params string[] more)
    {
        if (!await EndRowAsync(before.SessionId, ct))
            return false;
        var session = await db.Sessions.AsNoTracking().SingleAsync(row => row.Id == before.SessionId, ct);
        var email = await db.Users.Where(row => row.Id == before.UserId).Select(row => row.Email).SingleAsync(ct);
        await KeepAsync(http, session.Renew(Guid.CreateVersion7(clock.GetUtcNow()), stamp, more), email!, ct);
        return true;
    }

    private async Task KeepAsync(HttpContext http, Session session, string email, CancellationToken ct)
    {
        db.Add(session);
        await db.SaveChangesAsync(ct);
        var identity = new ClaimsIdentity(
            [
                new("sub", session.UserId.ToString()), new(SessionClaim, session.Id.ToString()), new(StampClaim, session.SecurityStamp),
                new(MethodsClaim, string.Join(' ', session.Amr)),
                new(TimeClaim, session.AuthenticatedAt.UtcTicks.ToString(CultureInfo.InvariantCulture)), new("email", email),
            ],
            Scheme, "email", roleType: null);
        if (session.LimitedTo is { } organization)
            identity.AddClaim(new(LimitClaim, organization.ToString()));
        await http.SignInAsync(Scheme, new ClaimsPrincipal(identity), new AuthenticationProperties { IssuedUtc = clock.GetUtcNow(), ExpiresUtc = session.ExpiresAt });
    }

    /// <summary>Who is signed in at this browser; null when nobody is.</summary>
    public static async Task<SignedIn?> FindAsync(HttpContext http) => (await http.AuthenticateAsync(Scheme)).Principal is { } principal ? Read(principal) : null;

    /// <summary>Signs out: the session ends for every copy of the cookie.</summary>
    public async Task EndAsync(HttpContext http, CancellationToken ct)
    {
        await EndRowAsync((await FindAsync(http))?.SessionId, ct);
        await http.SignOutAsync(Scheme);
    }

    /// <summary>Ends one of the person's sessions. False when they have none of that identifier.</summary>
    public async Task<bool> EndAsync(Guid userId, Guid sessionId, CancellationToken ct)
    {
        var found = await Live(userId).AnyAsync(row => row.Id == sessionId, ct);
        if (found)
            await EndRowAsync(sessionId, ct);
        return found;
    }

    /// <summary>Ends all of the person's sessions, and with a new security stamp everything that began in one: half-done sign-ins, codes, every family of tokens.</summary>
    public Task EndAllAsync(Guid userId, CancellationToken ct) => db.InTransactionAsync(() => EndAllWithinAsync(userId, "signed out everywhere", ct), ct);

    /// <summary>The same, in the transaction that is open.</summary>
    /// <param name="reason">For the log; no personal data.</param>
    public async Task EndAllWithinAsync(Guid userId, string reason, CancellationToken ct)
    {
        if (await db.FindAndLockPersonAsync(userId, ct) is { } person)
            await users.UpdateSecurityStampAsync(person);
        await families.RevokeOfPersonAsync(userId, reason, ct);
        var now = clock.GetUtcNow();
        await db.Sessions.Where(row => row.UserId == userId && row.EndedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, now), ct);
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

    /// <summary>Ends what an organization's provider signed in, and whatever came of it.</summary>
    /// <param name="reason">For the log; no personal data.</param>
    public async Task EndLimitedAsync(Guid organizationId, string reason, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await db.Sessions.Where(row => row.LimitedTo == organizationId && row.EndedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, now), ct);
        await families.RevokeFederatedAsync(organizationId, reason, ct);
    }

    public static SignedIn? Read(ClaimsPrincipal principal) =>
        Guid.TryParse(principal.FindFirstValue("sub"), out var user) && Guid.TryParse(principal.FindFirstValue(SessionClaim), out var session)
            && long.TryParse(principal.FindFirstValue(TimeClaim), NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time <= DateTimeOffset.MaxValue.Ticks && principal.FindFirstValue(StampClaim) is { } stamp
            ? new(session, user, stamp, principal.FindFirstValue(MethodsClaim)?.Split(' ') ?? [], new DateTimeOffset(time, TimeSpan.Zero),
                principal.FindFirstValue(LimitClaim) is { } limit ? Guid.Parse(limit) : null)
            : null;

    /// <summary>False when there is none, or it had ended.</summary>
    private async Task<bool> EndRowAsync(Guid? id, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return id is { } session && await db.Sessions.Where(row => row.Id == session && row.EndedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, now), ct) == 1;
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
