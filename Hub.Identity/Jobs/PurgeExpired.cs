using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Jobs;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Jobs;

/// <summary>
/// Removes what is over. A grant stays, with all its codes and tokens, until its absolute end: only what is kept can be recognised when it comes a second time.
/// </summary>
internal sealed class PurgeExpired(IdentityDb db, TimeProvider clock) : IHubJob
{
    public const string Name = "identity.purge";

    /// <summary>Every ten minutes.</summary>
    public const string Cron = "0 5/10 * * * ?";

    public async Task RunAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var longExpired = now - DeviceAuthorizations.Lifetime; // a device that still asks is told so for a while
        await db.PendingAuthorizations.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(ct);
        await db.PasskeyCeremonies.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(ct);
        await db.PushedRequests.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(ct);
        await db.DeviceAuthorizations.Where(row => row.ExpiresAt < longExpired && row.RedeemedAt == null).ExecuteDeleteAsync(ct);
        await db.SsoSignIns.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(ct);
        await db.RevokedTokens.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(ct);
        await db.EmailProofs.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(ct);
        await db.Sessions.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(ct);
        await db.Grants.Where(row => row.ExpiresAt < now).ExecuteDeleteAsync(ct);
    }
}
