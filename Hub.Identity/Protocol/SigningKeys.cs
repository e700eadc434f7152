using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Messaging;
using CodeZero.Hub.Platform.Security;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// The provider's keys: kept encrypted in the database, so that all replicas sign with the same ones; made and replaced by <see cref="SigningKeyMaintenance"/>.
/// Read again every few minutes, which is often enough for keys that are published two weeks before they sign, and at once when a replica says so.
/// </summary>
internal sealed class SigningKeys : IDisposable
{
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMinutes(5);
    private readonly IServiceScopeFactory _scopes;
    private readonly SigningKeyMaterial _material;
    private readonly TimeProvider _clock;
    private readonly IDisposable _subscription;
    private readonly SemaphoreSlim _reading = new(1);
    private volatile KeyRing? _ring;
    private int _heard;

    public SigningKeys(IServiceScopeFactory scopes, SigningKeyMaterial material, TimeProvider clock, INotifications notifications)
    {
        (_scopes, _material, _clock) = (scopes, material, clock);
        _subscription = notifications.Subscribe(AccessTokens.KeysReplacedChannel, _ => Interlocked.Increment(ref _heard));
    }

    /// <param name="Heard">How many words of other replicas had come when it was read; with one more it is out of date.</param>
    private sealed record KeyRing(IReadOnlyList<LoadedKey> Keys, DateTimeOffset ReadAt, int Heard);

    /// <summary>Reads the keys again when it is time. Done before a transaction begins, because it takes a connection of its own.</summary>
    public Task PrepareAsync(CancellationToken ct) => GetRingAsync(_clock.GetUtcNow(), ct);

    /// <summary>What signs with this algorithm now, of the keys as they were last read.</summary>
    public async Task<SigningCredentials> GetCurrentAsync(string algorithm, CancellationToken ct)
    {
        var now = _clock.GetUtcNow();
        var ring = _ring is { } read && CanSign(read, now) ? read : await GetRingAsync(now, ct);
        var keys = ring.Keys.Where(key => key.Algorithm == algorithm).ToList();
        var current = KeySchedule.FindSigning(keys.Select(key => key.Period), now);
        return keys.Single(key => key.Period == current).Credentials;
    }

    /// <summary>The public keys to verify with: those that sign, those that will, and those that did until a while ago.</summary>
    public async Task<IReadOnlyList<JsonWebKey>> GetPublishedAsync(CancellationToken ct)
    {
        var now = _clock.GetUtcNow();
        return [.. (await GetRingAsync(now, ct)).Keys.Where(key => KeySchedule.IsPublished(key.Period, now)).Select(key => key.Public)];
    }

    private async Task<KeyRing> GetRingAsync(DateTimeOffset now, CancellationToken ct)
    {
        if (_ring is { } known && IsGood(known, now))
            return known;
        await _reading.WaitAsync(ct);
        try
        {
            return _ring is { } read && IsGood(read, now) ? read : await ReadAsync(now, ct);
        }
        finally
        {
            _reading.Release();
        }
    }

    private bool IsGood(KeyRing ring, DateTimeOffset now) => ring.Heard == Volatile.Read(ref _heard) && now - ring.ReadAt < ReadAgainAfter && now >= ring.ReadAt && CanSign(ring, now);

    private static bool CanSign(KeyRing ring, DateTimeOffset now) =>
        SigningAlgorithms.All.All(algorithm => KeySchedule.FindSigning(ring.Keys.Where(key => key.Algorithm == algorithm).Select(key => key.Period), now) is not null);

    /// <summary>Reads the keys, and makes those that are due: a Hub that slept through a change signs again with its first request.</summary>
    private async Task<KeyRing> ReadAsync(DateTimeOffset now, CancellationToken ct)
    {
        var heard = Volatile.Read(ref _heard);
        await using var scope = _scopes.CreateAsyncScope();
        var rows = await scope.ServiceProvider.GetRequiredService<IdentityDb>().SigningKeys.AsNoTracking().ToListAsync(ct);
        if (KeySchedule.PlanDue(rows, now).Any())
            rows = await scope.ServiceProvider.GetRequiredService<SigningKeyMaintenance>().MakeDueAsync(now, ct);
        var known = _ring?.Keys.ToDictionary(key => key.Period.Id) ?? [];
        return _ring = new([.. rows.Select(row => known.GetValueOrDefault(row.Id) is { } loaded ? loaded with { Period = row.Period } : _material.Load(row))], now, heard);
    }

    public void Dispose()
    {
        _subscription.Dispose();
        _reading.Dispose();
    }
}
