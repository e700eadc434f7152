using System.Threading.RateLimiting;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// The codes of devices that one account tries (RFC 8628 §5.1), right ones too, so that many at once are counted before any is looked at. The page has a limit by network address
/// beside it. Counted by each replica for itself: a code is one of 20^8, so it does not matter whether a guesser has ten tries or a hundred.
/// </summary>
internal sealed class UserCodeThrottle : IDisposable
{
    /// <summary>How many can be tried at once.</summary>
    public const int AtOnce = 10;

    /// <summary>How long it takes until one more can be.</summary>
    public static readonly TimeSpan Refill = TimeSpan.FromMinutes(1);

    private readonly PartitionedRateLimiter<Guid> _tries = PartitionedRateLimiter.Create<Guid, Guid>(userId => RateLimitPartition.GetTokenBucketLimiter(userId, _ => new()
    {
        TokenLimit = AtOnce,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = Refill,
        QueueLimit = 0,
        AutoReplenishment = false, // the partitioned limiter does it for all with one timer
    }));

    /// <summary>False when the account has to wait.</summary>
    public bool TryTake(Guid userId)
    {
        using var lease = _tries.AttemptAcquire(userId);
        return lease.IsAcquired;
    }

    public void Dispose() => _tries.Dispose();
}
