using CodeZero.Hub.Identity.Domain;

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

    /// <summary>The key to sign with now; null when there is none. One that begins later is better than none: the clock of the replica that made it was ahead of ours.</summary>
    public static KeyPeriod? FindSigning(IEnumerable<KeyPeriod> keys, DateTimeOffset now)
    {
        var lasting = keys.Where(key => now < key.SignsUntil).ToList();
        return lasting.Where(key => key.SignsFrom <= now).MaxBy(key => key.SignsFrom) ?? lasting.MinBy(key => key.SignsFrom);
    }

    /// <summary>Whether the key stands in the JWKS.</summary>
    public static bool IsPublished(KeyPeriod key, DateTimeOffset now) => now < key.RetiresAt;

    /// <summary>The keys to make now: algorithm, and from when until when each will sign.</summary>
    public static IEnumerable<(string Algorithm, DateTimeOffset From, DateTimeOffset Until)> PlanDue(IEnumerable<SigningKey> keys, DateTimeOffset now) =>
        from algorithm in SigningAlgorithms.All
        let next = PlanNext(keys.Where(key => key.Algorithm == algorithm).Select(key => key.Period), now)
        where next is not null
        select (algorithm, next.Value.From, next.Value.Until);

    /// <summary>From when until when the key to make now will sign; null when none is due.</summary>
    public static (DateTimeOffset From, DateTimeOffset Until)? PlanNext(IEnumerable<KeyPeriod> keys, DateTimeOffset now)
    {
        var end = keys.Select(key => (DateTimeOffset?)key.SignsUntil).Max();
        return end - PublishedBefore > now ? null : Following(end, now);
    }

    /// <summary>From when until when a key will sign that is made before its time: still published for as long as any, or at once when there is none to wait for.</summary>
    public static (DateTimeOffset From, DateTimeOffset Until) PlanEarly(IEnumerable<KeyPeriod> keys, DateTimeOffset now)
    {
        var end = keys.Select(key => (DateTimeOffset?)key.SignsUntil).Max();
        return Following(end > now + PublishedBefore ? now + PublishedBefore : end, now);
    }

    /// <summary><c>next</c>, <c>signing</c> or <c>retired</c>.</summary>
    public static string StateOf(KeyPeriod key, DateTimeOffset now) => now < key.SignsFrom ? "next" : now < key.SignsUntil ? "signing" : "retired";

    private static (DateTimeOffset From, DateTimeOffset Until) Following(DateTimeOffset? end, DateTimeOffset now)
    {
        var from = end is { } last && last > now ? last : now;
        return (from, from + Signing);
    }
}
