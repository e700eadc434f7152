namespace CodeZero.Hub.Identity.Protocol;

/// <summary>When a signing key works: it is published from its making, signs from <paramref name="SignsFrom"/> until <paramref name="SignsUntil"/>, and is then kept for verification.</summary>
internal sealed record KeyPeriod(string Id, DateTimeOffset SignsFrom, DateTimeOffset SignsUntil)
{
    public DateTimeOffset RetiresAt => SignsUntil + KeySchedule.KeptAfter;
}

/// <summary>The life of signing keys of one algorithm (OpenID Connect Core §10.1.1): verifiers know a key before it signs, and still know it after.</summary>
internal static class KeySchedule
{
    public static readonly TimeSpan Signing = TimeSpan.FromDays(90);
    public static readonly TimeSpan PublishedBefore = TimeSpan.FromDays(14);
    public static readonly TimeSpan KeptAfter = TimeSpan.FromDays(14);

    /// <summary>
    /// The key to sign with now; null when all have ended. One whose time has come; before the time of the first, that one: it was made by a replica whose clock is ahead.
    /// </summary>
    public static KeyPeriod? FindSigning(IEnumerable<KeyPeriod> keys, DateTimeOffset now)
    {
        var open = keys.Where(key => now < key.SignsUntil).OrderBy(key => key.SignsFrom).ToList();
        return open.FindLast(key => key.SignsFrom <= now) ?? open.FirstOrDefault();
    }

    /// <summary>Whether the key stands in the JWKS.</summary>
    public static bool IsPublished(KeyPeriod key, DateTimeOffset now) => now < key.RetiresAt;

    /// <summary>From when until when the key to make now will sign; null when none is due.</summary>
    public static (DateTimeOffset From, DateTimeOffset Until)? PlanNext(IEnumerable<KeyPeriod> keys, DateTimeOffset now)
    {
        var end = keys.Select(key => (DateTimeOffset?)key.SignsUntil).Max();
        if (end - PublishedBefore > now)
            return null;
        var from = end is { } last && last > now ? last : now;
        return (from, from + Signing);
    }
}
