using System.Security.Cryptography;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>What devices ask for (RFC 8628): begun by them, found by the code they show, allowed or denied by a person.</summary>
internal sealed partial class DeviceAuthorizations(
    IdentityDb db, Authorizations authorizations, IDataProtectionProvider protection, TimeProvider clock, IOptions<HubIdentityOptions> options, ILogger<DeviceAuthorizations> log)
{
    /// <summary>How long a request waits for its person.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly IDataProtector _entries = protection.CreateProtector("CodeZero.Hub.Identity.DeviceEntries.v1");

    /// <summary>Keeps a request that was checked; the code for its device, the code for its person, and how many seconds the device waits between two polls.</summary>
    /// <param name="dpopJkt">The key the device code is bound to; null for any.</param>
    public async Task<(string DeviceCode, string UserCode, int Interval)> BeginAsync(string clientId, string[] scopes, string[] resources, string? dpopJkt, CancellationToken ct)
    {
        var (deviceCode, expiresAt, interval) = (Secrets.New(), clock.GetUtcNow() + Lifetime, (int)Math.Ceiling(options.Value.DeviceInterval.TotalSeconds));
        while (true)
        {
            var userCode = UserCodes.New();
            if (await db.Database.ExecuteSqlAsync($"""
                insert into identity.device_authorizations (hash, user_code, client_id, scopes, resources, dpop_jkt, interval_seconds, expires_at)
                values ({Secrets.Hash(deviceCode)}, {userCode}, {clientId}, {scopes}, {resources}, {dpopJkt}, {interval}, {expiresAt})
                on conflict (user_code) do nothing
                """, ct) == 1)
                return (deviceCode, userCode, interval);
        }
    }

    /// <summary>The request that waits under this code, as a person typed it; null when there is none, or it was decided, or has expired.</summary>
    public async Task<DeviceAuthorization?> FindAsync(string? typed, CancellationToken ct)
    {
        if (UserCodes.Read(typed) is not { } userCode)
            return null;
        var device = await db.DeviceAuthorizations.AsNoTracking().SingleOrDefaultAsync(row => row.UserCode == userCode, ct);
        return device?.IsOpen(clock.GetUtcNow()) == true ? device : null;
    }

    /// <summary>Shows that this session entered the request's code: without it, and in another session, nothing is decided (RFC 8628 §5.4).</summary>
    public string Enter(DeviceAuthorization device, SignedIn session) => _entries.Protect($"{session.SessionId:N}{Convert.ToHexString(device.Hash)}");

    /// <summary>The request that this session entered; null when it was another session, or none.</summary>
    public async Task<DeviceAuthorization?> FindEnteredAsync(string? entry, SignedIn session, CancellationToken ct)
    {
        const int idLength = 32;
        try
        {
            var text = _entries.Unprotect(entry ?? "");
            if (text[..idLength] != session.SessionId.ToString("N"))
                return null;
            var hash = Convert.FromHexString(text[idLength..]);
            return await db.DeviceAuthorizations.AsNoTracking().SingleOrDefaultAsync(row => row.Hash == hash, ct);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Allows the request for who is signed in. False when it was decided meanwhile, or has expired.</summary>
    public async Task<bool> AllowAsync(DeviceAuthorization entered, Client client, SignedIn session, CancellationToken ct)
    {
        var allowed = await DecideAsync(entered, async device => device.Allow(session.SessionId, (await authorizations.BeginGrantAsync(client, device.Scopes, device.Resources, session, session.LimitedTo, ct)).Id), ct);
        if (allowed)
            Allowed(log, session.UserId, client.Id);
        return allowed;
    }

    /// <summary>Denies the request. False when it was decided meanwhile, or has expired.</summary>
    public Task<bool> DenyAsync(DeviceAuthorization entered, SignedIn session, CancellationToken ct) => DecideAsync(entered, device =>
    {
        device.Deny(session.SessionId);
        return Task.CompletedTask;
    }, ct);

    private Task<bool> DecideAsync(DeviceAuthorization entered, Func<DeviceAuthorization, Task> decide, CancellationToken ct) => db.InTransactionAsync(async () =>
    {
        var device = await db.DeviceAuthorizations.FromSql($"select * from identity.device_authorizations where hash = {entered.Hash} for update").SingleOrDefaultAsync(ct);
        if (device?.IsOpen(clock.GetUtcNow()) != true)
            return false;
        await decide(device);
        await db.SaveChangesAsync(ct);
        return true;
    }, ct);

    [LoggerMessage(1060, LogLevel.Information, "Person {Person} allowed client {ClientId} on a device")]
    private static partial void Allowed(ILogger log, Guid person, string clientId);
}
