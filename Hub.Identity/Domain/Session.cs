namespace CodeZero.Hub.Identity.Domain;

/// <summary>One sign-in in one browser. The cookie only names it: what ends here is ended at once, wherever the cookie was copied to.</summary>
internal sealed class Session(
    Guid id, Guid userId, string securityStamp, string[] amr, DateTimeOffset authenticatedAt, DateTimeOffset expiresAt, string device, string? address,
    Guid? limitedTo)
{
    public Guid Id { get; private set; } = id;
    public Guid UserId { get; private set; } = userId;

    /// <summary>The account's stamp at sign-in: a changed password ends the session.</summary>
    public string SecurityStamp { get; private set; } = securityStamp;

    /// <summary>How the person proved who they are: <see cref="AuthenticationMethods"/>.</summary>
    public string[] Amr { get; private set; } = amr;

    public DateTimeOffset AuthenticatedAt { get; private set; } = authenticatedAt;

    /// <summary>When the person last proved to be who signed in: at sign-in, and whenever <see cref="Reauthentication"/> asked.</summary>
    public DateTimeOffset ProvedAt { get; private set; } = authenticatedAt;

    /// <summary>The end that no use moves.</summary>
    public DateTimeOffset ExpiresAt { get; private set; } = expiresAt;

    /// <summary>The browser and its system, as its person would say it: <c>Firefox on Windows</c>.</summary>
    public string Device { get; private set; } = device;

    /// <summary>The network address it began at; null when unknown.</summary>
    public string? Address { get; private set; } = address;

    /// <summary>When it was last used, to about a minute.</summary>
    public DateTimeOffset LastSeenAt { get; private set; } = authenticatedAt;

    /// <summary>
    /// The one organization that the sign-in is good for, because its own provider vouched for the person; null for a sign-in by the person's own factors. Nobody else trusts that
    /// provider: not for other organizations, nor for the account itself.
    /// </summary>
    public Guid? LimitedTo { get; private set; } = limitedTo;

    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>The same sign-in, as old as it is, under another identifier and stamp.</summary>
    /// <param name="more">What the person has proved since, beside how they signed in.</param>
    public Session Renew(Guid id, string securityStamp, IEnumerable<string> more) => new(id, UserId, securityStamp, [.. Amr.Union(more)], AuthenticatedAt, ExpiresAt, Device, Address, LimitedTo) { ProvedAt = ProvedAt, LastSeenAt = LastSeenAt };
}
