using System.Threading.RateLimiting;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// Wrong client secrets, counted by client and by the network they come from (RFC 6749 §2.3.1): whoever guesses has to wait, while the client itself,
/// elsewhere, does not. Counted by each replica for itself; secrets have 256 bits, so that the count is about load and noise and not about being guessed.
/// </summary>
internal sealed class SecretThrottle : IDisposable
{
    /// <summary>Wrong secrets in a row, and per minute after those.</summary>
    public const int PerMinute = 20;

    private readonly PartitionedRateLimiter<(string ClientId, string Network)> _wrong = PartitionedRateLimiter.Create<(string, string), (string, string)>(
        key => RateLimitPartition.GetTokenBucketLimiter(key, _ => new()
        {
            TokenLimit = PerMinute,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromMinutes(1) / PerMinute,
            QueueLimit = 0,
            AutoReplenishment = false, // the partitioned limiter does it for all with one timer
        }));

    /// <summary>How long to wait before another try is looked at; null when it is at once.</summary>
    public TimeSpan? FindWait(string clientId, string network) =>
        _wrong.GetStatistics((clientId, network)) is { CurrentAvailablePermits: 0 } ? TimeSpan.FromMinutes(1) / PerMinute : null;

    public void CountWrong(string clientId, string network) => _wrong.AttemptAcquire((clientId, network)).Dispose();

    public void Dispose() => _wrong.Dispose();
}
