using System.Text;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Clusters.States;

/// <summary>The keys the Hub signs desired states with. A KMS takes the place of the database by implementing this.</summary>
internal interface IStateKeys
{
    /// <summary>The key that signs now.</summary>
    Task<ISigner> SigningAsync(CancellationToken ct);

    /// <summary>The public keys that sign now or will within <see cref="StateKey.Notice"/>: what a new trust root lists.</summary>
    Task<IReadOnlyList<EcPublicKey>> PublishedAsync(CancellationToken ct);

    /// <summary>How each key since the first was vouched for by the one before it.</summary>
    Task<StateKeySet> SuccessionsAsync(CancellationToken ct);

    /// <summary>Makes the next key when the present one has less than <see cref="StateKey.Notice"/> left.</summary>
    Task RotateAsync(CancellationToken ct);
}

/// <summary>
/// State keys in PostgreSQL, their private parts encrypted by the Hub's key ring. There from the start and read again once a minute beside the requests: who
/// signs does so inside a transaction, and must not need a second connection for it.
/// </summary>
internal sealed partial class StateKeys(IServiceScopeFactory scopes, IDataProtectionProvider protection, TimeProvider clock, ILogger<StateKeys> log) : BackgroundService, IStateKeys
{
    private const long AdvisoryLock = 0x5354_4154_454b_4559;
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMinutes(1);
    private readonly IDataProtector _protector = protection.CreateProtector("CodeZero.Hub.Clusters.StateKeys.v1");
    private volatile Loaded? _loaded;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public async Task<ISigner> SigningAsync(CancellationToken ct)
    {
        var keys = await LoadAsync(ct);
        return keys.Signer(clock.GetUtcNow());
    }

    public async Task<IReadOnlyList<EcPublicKey>> PublishedAsync(CancellationToken ct)
    {
        var keys = await LoadAsync(ct);
        var signing = keys.Signer(clock.GetUtcNow()).PublicKey;
        return [.. keys.Signers.Select(signer => signer.PublicKey).SkipWhile(key => key != signing)];
    }

    public async Task<StateKeySet> SuccessionsAsync(CancellationToken ct) => (await LoadAsync(ct)).Successions;

    public async Task RotateAsync(CancellationToken ct) => _loaded = Open(await EnsureAsync(ct));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(ReadAgainAfter, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            try
            {
                _loaded = Open(await ReadAsync(stoppingToken));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                NotRead(log, e);
            }
    }

    private async Task<Loaded> LoadAsync(CancellationToken ct) => _loaded ??= Open(await EnsureAsync(ct));

    private async Task<List<StateKey>> ReadAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ClustersDb>();
        return await db.InTransactionAsync(() => InOrder(db).ToListAsync(ct), ct);
    }

    /// <summary>All keys, after the first or the next one was made if it was time to; of several replicas one makes it.</summary>
    private async Task<List<StateKey>> EnsureAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ClustersDb>();
        return await db.InTransactionAsync(async () =>
        {
            await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock({AdvisoryLock})", ct);
            var keys = await InOrder(db).ToListAsync(ct);
            var now = clock.GetUtcNow();
            if (keys.Count > 0 && !keys[^1].NeedsSuccessorAt(now))
                return keys;
            var made = Make(keys.LastOrDefault(), now);
            db.Add(made);
            await db.SaveChangesAsync(ct);
            return [.. keys, made];
        }, ct);
    }

    private StateKey Make(StateKey? predecessor, DateTimeOffset now)
    {
        var key = EcPrivateKey.Generate();
        var (thumbprint, jwk) = (key.PublicKey.Thumbprint, key.PublicKey.ToString());
        var secret = _protector.Protect(Encoding.ASCII.GetBytes(key.ToPem()));
        if (predecessor is null)
            return StateKey.First(thumbprint, jwk, secret, now);
        var succession = new StateKeySuccession(key.PublicKey, predecessor.SuccessorSignsFrom(now), predecessor.Thumbprint);
        return predecessor.Successor(thumbprint, jwk, secret, succession.Sign(Open(predecessor)).ToJson(), now);
    }

    private static IQueryable<StateKey> InOrder(ClustersDb db) => db.StateKeys.AsNoTracking().OrderBy(key => key.SignsFrom);

    private Loaded Open(List<StateKey> keys) => new(
        keys, [.. keys.Select(Open)],
        new StateKeySet([.. keys.Where(key => key.Succession is not null).TakeLast(StateKeyChain.MaxLength).Select(key => DsseEnvelope.Parse(key.Succession!).Value)]));

    private EcPrivateKey Open(StateKey key) => EcPrivateKey.FromPem(Encoding.ASCII.GetString(_protector.Unprotect(key.ProtectedPrivateKey))).Value;

    private sealed record Loaded(List<StateKey> Keys, List<EcPrivateKey> Signers, StateKeySet Successions)
    {
        /// <summary>
        /// The newest key whose time has come. One past its end signs on until there is another: a late rotation must not stop every cluster. The first signs before its
        /// time too: there is no other, and the replica that made it may only have a clock that is ahead.
        /// </summary>
        public EcPrivateKey Signer(DateTimeOffset now) => Signers[Math.Max(0, Keys.FindLastIndex(key => key.SignsAt(now)))];
    }

    [LoggerMessage(3030, LogLevel.Warning, "The state keys could not be read again; those known are used on")]
    private static partial void NotRead(ILogger log, Exception exception);
}
