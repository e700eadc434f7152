using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Clusters.Domain;

/// <summary>A Kubernetes cluster of an organization. Its row is the lock under which its states are made, one after the other.</summary>
internal sealed class Cluster : ITenantOwned
{
    /// <summary>A DNS label of at most 40 characters.</summary>
    public const string NamePattern = "^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$";

    private Cluster(Guid organizationId, Guid id, string name, DateTimeOffset createdAt, Guid createdBy) =>
        (OrganizationId, Id, Name, CreatedAt, CreatedBy) = (organizationId, id, name, createdAt, createdBy);

    public Guid OrganizationId { get; private set; }
    public Guid Id { get; private set; }
    public string Name { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public Guid CreatedBy { get; private set; }

    /// <summary>When it was removed; the row stays for the sake of its history, the name becomes free.</summary>
    public DateTimeOffset? RemovedAt { get; private set; }

    /// <summary>The serial of the newest desired state; 0 before the first.</summary>
    public long Serial { get; private set; }

    /// <summary>The digest of the newest desired state's payload.</summary>
    public string? StateDigest { get; private set; }

    public DateTimeOffset? LastSeen { get; private set; }

    /// <summary>When the agent was told to be back; past it, the cluster counts as disconnected.</summary>
    public DateTimeOffset? NextExpected { get; private set; }

    /// <summary>Why the agent does not act on the newest state as a whole; null when it does.</summary>
    public StateRefusal? StateRefusal { get; private set; }

    public static Cluster Create(Guid organizationId, string name, Guid createdBy, DateTimeOffset now) =>
        new(organizationId, Guid.CreateVersion7(now), name, now, createdBy);

    /// <summary>A new state was signed.</summary>
    public void Advance(long serial, string stateDigest)
    {
        if (serial != Serial + 1)
            throw new InvalidOperationException($"State {serial} cannot follow state {Serial}.");
        (Serial, StateDigest) = (serial, stateDigest);
    }

    /// <summary>The agent was heard.</summary>
    public void Hear(DateTimeOffset now, DateTimeOffset nextExpected) => (LastSeen, NextExpected) = (now, nextExpected);

    /// <summary>What the agent said about the states as such.</summary>
    public void Observe(StateRefusal? refusal) => StateRefusal = refusal;

    public void Remove(DateTimeOffset now) => RemovedAt ??= now;
}

/// <summary>A refusal that concerns a whole state.</summary>
/// <param name="Serial">Of the newest state when it was told: of later ones it says nothing.</param>
internal sealed record StateRefusal(string Code, string Detail, DateTimeOffset At, long Serial);
