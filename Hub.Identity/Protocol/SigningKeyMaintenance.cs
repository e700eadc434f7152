using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Messaging;
using CodeZero.Hub.Platform.Security;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Makes and removes signing keys, on one replica at a time.</summary>
internal sealed partial class SigningKeyMaintenance(IdentityDb db, SigningKeyMaterial material, TimeProvider clock, ILogger<SigningKeyMaintenance> log) : ISigningKeys
{
    public async Task<IReadOnlyList<SigningKeyInfo>> ListAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var rows = await db.SigningKeys.AsNoTracking().OrderBy(row => row.Algorithm).ThenBy(row => row.SignsFrom).ToListAsync(ct);
        return [.. rows.Select(row => new SigningKeyInfo(row.Id, row.Algorithm, KeySchedule.StateOf(row.Period, now), row.CreatedAt, row.SignsFrom, row.SignsUntil, row.Period.RetiresAt))];
    }

    /// <summary>Makes the keys that are due, and removes those that nobody needs any more. Safe on every replica at once.</summary>
    public Task<List<SigningKey>> MakeDueAsync(DateTimeOffset now, CancellationToken ct) => ChangeAsync(rows =>
    {
        foreach (var (algorithm, from, until) in KeySchedule.PlanDue(rows, now).ToList())
            rows.Add(Make(algorithm, from, until));
        return Task.CompletedTask;
    }, ct);

    public async Task RotateAsync(CancellationToken ct) => await ChangeAsync(rows =>
    {
        var now = clock.GetUtcNow();
        foreach (var algorithm in SigningAlgorithms.All)
        {
            var keys = rows.Where(row => row.Algorithm == algorithm).ToList();
            if (keys.Exists(key => key.SignsFrom > now))
                continue; // a successor is on its way, and some verifiers know it already
            var (from, until) = KeySchedule.PlanEarly(keys.Select(key => key.Period), now);
            foreach (var key in keys)
                key.EndAt(from);
            rows.Add(Make(algorithm, from, until));
        }
        return Task.CompletedTask;
    }, ct);

    public async Task ReplaceCompromisedAsync(CancellationToken ct) => await ChangeAsync(async rows =>
    {
        var now = clock.GetUtcNow();
        db.RemoveRange(rows);
        rows.Clear();
        foreach (var algorithm in SigningAlgorithms.All)
            rows.Add(Make(algorithm, now, now + KeySchedule.Signing));
        await db.NotifyAsync(AccessTokens.KeysReplacedChannel, "compromised", ct);
        Replaced(log);
    }, ct);

    private SigningKey Make(string algorithm, DateTimeOffset from, DateTimeOffset until)
    {
        var made = material.Make(algorithm, from, until, clock.GetUtcNow());
        db.Add(made);
        Made(log, algorithm, made.Id, from);
        return made;
    }

    /// <summary>Changes the keys under a lock, and forgets the retired ones; what remains.</summary>
    private Task<List<SigningKey>> ChangeAsync(Func<List<SigningKey>, Task> change, CancellationToken ct) => db.InTransactionAsync(async () =>
    {
        await db.LockAsync("signing-keys", ct);
        var rows = await db.SigningKeys.ToListAsync(ct); // under the lock: another replica may have been first
        await change(rows);
        var retired = rows.Where(row => !KeySchedule.IsPublished(row.Period, clock.GetUtcNow())).ToList();
        db.RemoveRange(retired);
        await db.SaveChangesAsync(ct);
        return rows.Except(retired).ToList();
    }, ct);

    [LoggerMessage(1001, LogLevel.Information, "Made the {Algorithm} signing key {KeyId}, which signs from {SignsFrom:u}")]
    private static partial void Made(ILogger log, string algorithm, string keyId, DateTimeOffset signsFrom);

    [LoggerMessage(1002, LogLevel.Warning, "Replaced all signing keys at once, as compromised: every token signed before is void")]
    private static partial void Replaced(ILogger log);
}
