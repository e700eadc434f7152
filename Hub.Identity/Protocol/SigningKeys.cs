using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Signature algorithms (RFC 7518 §3.1).</summary>
internal static class SigningAlgorithms
{
    /// <summary>Access tokens; assertions and proofs of clients.</summary>
    public const string Es256 = SecurityAlgorithms.EcdsaSha256;

    /// <summary>ID tokens: what Kubernetes API servers accept by default.</summary>
    public const string Rs256 = SecurityAlgorithms.RsaSha256;

    /// <summary>Clients' assertions alone.</summary>
    public const string Ps256 = SecurityAlgorithms.RsaSsaPssSha256;

    /// <summary>What the provider signs with.</summary>
    public static readonly IReadOnlyList<string> All = [Es256, Rs256];

    /// <summary>What a client may sign its assertions with.</summary>
    public static readonly IReadOnlyList<string> OfAssertions = [Es256, Ps256, Rs256];
}

/// <summary>
/// The provider's keys: kept encrypted in the database, so that all replicas sign with the same ones; made and replaced by <see cref="KeySchedule"/>.
/// Read again every few minutes, which is often enough for keys that are published two weeks before they sign.
/// </summary>
internal sealed partial class SigningKeys(IServiceScopeFactory scopes, IDataProtectionProvider protection, TimeProvider clock, ILogger<SigningKeys> log) : IDisposable
{
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMinutes(5);
    private readonly IDataProtector _protector = protection.CreateProtector("CodeZero.Hub.Identity.SigningKeys.v1");
    private readonly SemaphoreSlim _reading = new(1);
    private volatile KeyRing? _ring;

    /// <summary>A key ready to sign with.</summary>
    public sealed record Loaded(KeyPeriod Period, string Algorithm, SigningCredentials Credentials, JsonWebKey Public);

    private sealed record KeyRing(IReadOnlyList<Loaded> Keys, DateTimeOffset ReadAt);

    /// <summary>What signs with this algorithm now.</summary>
    public async Task<SigningCredentials> GetCurrentAsync(string algorithm, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var keys = (await GetRingAsync(now, ct)).Keys.Where(key => key.Algorithm == algorithm).ToList();
        var current = KeySchedule.FindSigning(keys.Select(key => key.Period), now);
        return keys.Single(key => key.Period == current).Credentials;
    }

    /// <summary>The public keys to verify with: those that sign, those that will, and those that did until a while ago.</summary>
    public async Task<IReadOnlyList<JsonWebKey>> GetPublishedAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return [.. (await GetRingAsync(now, ct)).Keys.Where(key => KeySchedule.IsPublished(key.Period, now)).Select(key => key.Public)];
    }

    /// <summary>Makes the keys that are due. Safe on every replica at once.</summary>
    public Task RotateAsync(CancellationToken ct) => ReadAsync(clock.GetUtcNow(), ct);

    private async Task<KeyRing> GetRingAsync(DateTimeOffset now, CancellationToken ct)
    {
        if (IsGood(_ring, now))
            return _ring!;
        await _reading.WaitAsync(ct);
        try
        {
            return IsGood(_ring, now) ? _ring! : await ReadAsync(now, ct);
        }
        finally
        {
            _reading.Release();
        }
    }

    private static bool IsGood(KeyRing? ring, DateTimeOffset now) => ring is not null && now - ring.ReadAt < ReadAgainAfter && now >= ring.ReadAt
        && SigningAlgorithms.All.All(algorithm => KeySchedule.FindSigning(ring.Keys.Where(key => key.Algorithm == algorithm).Select(key => key.Period), now) is not null);

    private async Task<KeyRing> ReadAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        var rows = await db.SigningKeys.AsNoTracking().ToListAsync(ct);
        if (SigningAlgorithms.All.Any(algorithm => PlanNext(rows, algorithm, now) is not null))
            rows = await MakeDueKeysAsync(db, now, ct);
        var known = _ring?.Keys.ToDictionary(key => key.Period.Id) ?? [];
        return _ring = new([.. rows.Select(row => known.GetValueOrDefault(row.Id) ?? Load(row))], now);
    }

    private async Task<List<SigningKey>> MakeDueKeysAsync(IdentityDb db, DateTimeOffset now, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.LockAsync("signing-keys", ct);
        var rows = await db.SigningKeys.AsNoTracking().ToListAsync(ct); // again: another replica may have been first
        foreach (var algorithm in SigningAlgorithms.All)
            if (PlanNext(rows, algorithm, now) is { } period)
            {
                var made = Make(algorithm, period.From, period.Until, now);
                db.Add(made);
                rows.Add(made);
                Made(log, algorithm, made.Id, period.From);
            }
        var retired = rows.Where(row => !KeySchedule.IsPublished(PeriodOf(row), now)).Select(row => row.Id).ToList();
        await db.SaveChangesAsync(ct);
        await db.SigningKeys.Where(row => retired.Contains(row.Id)).ExecuteDeleteAsync(ct);
        await transaction.CommitAsync(ct);
        return [.. rows.Where(row => !retired.Contains(row.Id))];
    }

    private static (DateTimeOffset From, DateTimeOffset Until)? PlanNext(IEnumerable<SigningKey> rows, string algorithm, DateTimeOffset now) =>
        KeySchedule.PlanNext(rows.Where(row => row.Algorithm == algorithm).Select(PeriodOf), now);

    private static KeyPeriod PeriodOf(SigningKey row) => new(row.Id, row.SignsFrom, row.SignsUntil);

    private SigningKey Make(string algorithm, DateTimeOffset from, DateTimeOffset until, DateTimeOffset now)
    {
        using AsymmetricAlgorithm key = algorithm == SigningAlgorithms.Es256 ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : RSA.Create(2048);
        return new(PublicKeyOf(key, algorithm).Kid, algorithm, _protector.Protect(key.ExportPkcs8PrivateKey()), now, from, until);
    }

    private Loaded Load(SigningKey row)
    {
        var pkcs8 = _protector.Unprotect(row.ProtectedKey);
        if (row.Algorithm == SigningAlgorithms.Es256)
        {
            var ecdsa = ECDsa.Create();
            ecdsa.ImportPkcs8PrivateKey(pkcs8, out _);
            return Load(row, new ECDsaSecurityKey(ecdsa) { KeyId = row.Id }, ecdsa);
        }
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(pkcs8, out _);
        return Load(row, new RsaSecurityKey(rsa) { KeyId = row.Id }, rsa);
    }

    private static Loaded Load(SigningKey row, SecurityKey key, AsymmetricAlgorithm algorithm) =>
        new(PeriodOf(row), row.Algorithm, new SigningCredentials(key, row.Algorithm), PublicKeyOf(algorithm, row.Algorithm));

    /// <summary>The public members alone, member by member: what is not named here cannot leak (RFC 7517 §9.3).</summary>
    private static JsonWebKey PublicKeyOf(AsymmetricAlgorithm key, string algorithm)
    {
        var jwk = new JsonWebKey { Use = "sig", Alg = algorithm };
        string canonical;
        if (key is ECDsa ecdsa)
        {
            var point = ecdsa.ExportParameters(includePrivateParameters: false).Q;
            (jwk.Kty, jwk.Crv, jwk.X, jwk.Y) = ("EC", "P-256", Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
            canonical = $$"""{"crv":"P-256","kty":"EC","x":"{{jwk.X}}","y":"{{jwk.Y}}"}""";
        }
        else
        {
            var modulus = ((RSA)key).ExportParameters(includePrivateParameters: false);
            (jwk.Kty, jwk.N, jwk.E) = ("RSA", Base64Url.EncodeToString(modulus.Modulus), Base64Url.EncodeToString(modulus.Exponent));
            canonical = $$"""{"e":"{{jwk.E}}","kty":"RSA","n":"{{jwk.N}}"}""";
        }
        jwk.Kid = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(canonical)));
        return jwk;
    }

    public void Dispose() => _reading.Dispose();

    [LoggerMessage(1001, LogLevel.Information, "Made the {Algorithm} signing key {KeyId}, which signs from {SignsFrom:u}")]
    private static partial void Made(ILogger log, string algorithm, string keyId, DateTimeOffset signsFrom);
}
