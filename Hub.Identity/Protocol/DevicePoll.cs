using CodeZero.Hub.Identity.Domain;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>What becomes of a device that asks for its tokens (RFC 8628 §3.5).</summary>
internal abstract record DevicePoll
{
    /// <summary>There will be no tokens: nothing changes.</summary>
    public sealed record Refuse(OAuthError Error) : DevicePoll;

    /// <summary>Nobody has decided yet.</summary>
    public sealed record Wait : DevicePoll;

    /// <summary>Nobody has decided yet, and the device asks more often than it was told to.</summary>
    public sealed record SlowDown : DevicePoll;

    /// <summary>The device code was redeemed before: somebody has a copy. The whole family ends.</summary>
    public sealed record RevokeFamily(Guid GrantId) : DevicePoll;

    /// <summary>The device code is used up now, for the tokens of this grant.</summary>
    public sealed record Redeem(Guid GrantId) : DevicePoll;

    /// <param name="device">Of the client that asks.</param>
    /// <param name="proofThumbprint">The key of the request's DPoP proof; null without one.</param>
    public static DevicePoll Decide(DeviceAuthorization device, string? proofThumbprint, DateTimeOffset now)
    {
        if (device is { RedeemedAt: not null, GrantId: { } used })
            return new RevokeFamily(used);
        if (device.DpopJkt is not null && device.DpopJkt != proofThumbprint)
            return new Refuse(OAuthError.InvalidGrant("The device code is bound to another key: the one of the proof that it was asked for with."));
        if (device.IsDenied)
            return new Refuse(new("access_denied", "The person did not allow it."));
        if (device.ExpiresAt <= now)
            return new Refuse(new("expired_token", "The device code has expired. Start again."));
        if (device.GrantId is { } granted)
            return new Redeem(granted); // however early: slow_down is for what is still pending
        return device.IsTooEarly(now) ? new SlowDown() : new Wait();
    }
}
