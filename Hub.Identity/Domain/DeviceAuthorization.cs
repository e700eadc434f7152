namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// A device's request for tokens (RFC 8628), which waits for a person who allows or denies it elsewhere. The device code itself is not kept. The user code is: it gives nobody
/// anything but the way to a question.
/// </summary>
internal sealed class DeviceAuthorization
{
    /// <summary>By how much too early a poll makes the interval longer (§3.5).</summary>
    private const int SlowDownSeconds = 5;

    private DeviceAuthorization()
    {
    }

    public byte[] Hash { get; private set; } = [];

    /// <summary>Eight letters, without the dash.</summary>
    public string UserCode { get; private set; } = "";

    public string ClientId { get; private set; } = "";
    public string[] Scopes { get; private set; } = [];

    /// <summary>What its access tokens may be for (RFC 8707); empty: as the scopes say.</summary>
    public string[] Resources { get; private set; } = [];

    /// <summary>The key the device code is bound to; null when not bound.</summary>
    public string? DpopJkt { get; private set; }

    /// <summary>How long the device has to wait between two polls.</summary>
    public int IntervalSeconds { get; private set; }

    /// <summary>When the device last asked too early or in vain; null before it did.</summary>
    public DateTimeOffset? PolledAt { get; private set; }

    public DateTimeOffset ExpiresAt { get; private set; }

    /// <summary>The session whose person allowed or denied it; null before.</summary>
    public Guid? DecidedIn { get; private set; }

    /// <summary>What was allowed; null before, and when it was denied.</summary>
    public Guid? GrantId { get; private set; }

    public DateTimeOffset? RedeemedAt { get; private set; }

    public bool IsDenied => DecidedIn is not null && GrantId is null;

    /// <summary>Whether a person may still decide.</summary>
    public bool IsOpen(DateTimeOffset now) => DecidedIn is null && ExpiresAt > now;

    public bool IsTooEarly(DateTimeOffset now) => now < PolledAt?.AddSeconds(IntervalSeconds);

    public void Poll(DateTimeOffset now) => PolledAt = now;

    public void SlowDown(DateTimeOffset now) => (PolledAt, IntervalSeconds) = (now, IntervalSeconds + SlowDownSeconds);

    public void Deny(Guid sessionId) => DecidedIn = sessionId;

    public void Allow(Guid sessionId, Guid grantId) => (DecidedIn, GrantId) = (sessionId, grantId);

    public void Redeem(DateTimeOffset now) => RedeemedAt = now;
}
