namespace CodeZero.Hub.Contracts;

/// <summary>
/// What somebody did in an organization, as its audit log keeps it for good. Names and values are for people who read them years later: never a secret, a token or a
/// hash of one.
/// </summary>
/// <param name="Action">What was done: thing and past tense, such as <c>member.removed</c>. Lower case, dotted, at most 60 characters.</param>
/// <param name="TargetType">What it was done to, such as <c>cluster</c>.</param>
/// <param name="TargetId">Which one, by what never changes.</param>
public sealed record AuditEvent(string Action, string TargetType, string TargetId)
{
    public AuditEvent(string action, string targetType, Guid targetId) : this(action, targetType, targetId.ToString())
    {
    }

    /// <summary>What people call the target; null when it has no name.</summary>
    public string? TargetName { get; init; }

    /// <summary>The fields that were changed, as they were. Written as JSON; null for something new.</summary>
    public object? Before { get; init; }

    /// <summary>The fields that were changed, as they are now. Written as JSON; null for something that is gone.</summary>
    public object? After { get; init; }

    /// <summary>Who did it. Null, the usual: whoever the scope works for (the person, API key or agent of the request; in jobs and event handlers the Hub itself).</summary>
    public AuditActor? Actor { get; init; }
}

/// <summary>Who did something.</summary>
/// <param name="Id">The person, cluster or key; null for the Hub itself.</param>
/// <param name="Name">What people call it at that time; null: looked up for people, left out for others.</param>
public sealed record AuditActor(AuditActorKind Kind, string? Id, string? Name);

/// <summary>Kinds of actors.</summary>
public enum AuditActorKind
{
    /// <summary>The Hub by itself, by a job or as the consequence of an event.</summary>
    System,

    /// <summary>A person, by their user id.</summary>
    Person,

    /// <summary>A cluster's agent, by the cluster's id.</summary>
    Agent,

    /// <summary>A key of the organization's own, by the key's id.</summary>
    ApiKey,
}

/// <summary>The organizations' audit logs: append-only, numbered without gaps, each entry chained to the one before by its hash. Implemented by Hub.Identity.</summary>
public interface IAuditLog
{
    /// <summary>
    /// Records an event of the scope's organization in the transaction that is open in the scope, of whichever module: it is kept if, and only if, what it tells of is.
    /// Record last: the writers of one organization wait for each other until their transactions end.
    /// </summary>
    /// <exception cref="InvalidOperationException">The scope has no open transaction, or works for no organization.</exception>
    Task RecordAsync(AuditEvent happened, CancellationToken ct);
}
