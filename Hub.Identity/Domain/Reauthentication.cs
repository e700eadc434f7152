using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// Before what could take an account over, the person at the browser proves once more to be who signed in: a session left open, or stolen, is not enough.
/// Pages ask by <see cref="Areas.Identity.AccountPage"/>, API routes by <see cref="Features.RecentSignIn"/>.
/// </summary>
internal sealed class Reauthentication(IdentityDb db, TimeProvider clock)
{
    /// <summary>How long a proof is recent.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>Whether the person proved it within <see cref="Window"/>, by their own factors: what an organization's provider said never counts, nor does a sign-in that has ended meanwhile.</summary>
    public Task<bool> IsRecentAsync(SignedIn session, CancellationToken ct)
    {
        var since = clock.GetUtcNow() - Window;
        return db.Sessions.AnyAsync(row => row.Id == session.SessionId && row.EndedAt == null && row.LimitedTo == null && row.ProvedAt > since, ct);
    }

    /// <summary>Notes that the session's person has just given a password, a code or a passkey.</summary>
    public Task RecordAsync(SignedIn session, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return db.Sessions.Where(row => row.Id == session.SessionId).ExecuteUpdateAsync(set => set.SetProperty(row => row.ProvedAt, now), ct);
    }
}
