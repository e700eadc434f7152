using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Clusters.Domain;

/// <summary>Why a new state was signed.</summary>
public enum StateReason
{
    /// <summary>An agent was accepted.</summary>
    Enrolled,

    /// <summary>An install was requested.</summary>
    Installed,

    /// <summary>An install was changed.</summary>
    Changed,

    /// <summary>An install was approved.</summary>
    Approved,

    /// <summary>An install is to be removed.</summary>
    Removed,

    /// <summary>A removed install is gone from the cluster.</summary>
    Finished,

    /// <summary>The last one would have expired.</summary>
    Refreshed,
}

/// <summary>One signed state of a cluster. Never changed; of old ones the envelope is dropped.</summary>
internal sealed class StateRevision : ITenantOwned
{
    /// <summary>Of how many revisions, counted from the newest, the envelope is kept.</summary>
    public const int EnvelopesKept = 10;

    private StateRevision(
        Guid organizationId, Guid clusterId, long serial, string digest, string? previous, DateTimeOffset issuedAt, DateTimeOffset expiresAt, StateReason reason, byte[]? envelope)
    {
        (OrganizationId, ClusterId, Serial, Digest, Previous) = (organizationId, clusterId, serial, digest, previous);
        (IssuedAt, ExpiresAt, Reason, Envelope) = (issuedAt, expiresAt, reason, envelope);
    }

    public Guid OrganizationId { get; private set; }
    public Guid ClusterId { get; private set; }
    public long Serial { get; private set; }

    /// <summary>Of the payload.</summary>
    public string Digest { get; private set; }
    public string? Previous { get; private set; }
    public DateTimeOffset IssuedAt { get; private set; }
    public DateTimeOffset ExpiresAt { get; private set; }
    public StateReason Reason { get; private set; }

    /// <summary>The DSSE envelope as the agent gets it.</summary>
    public byte[]? Envelope { get; private set; }

    public static StateRevision Of(AgentProtocol.DesiredState state, string digest, byte[] envelope, StateReason reason) =>
        new(state.Organization, state.Cluster, state.Serial, digest, state.Previous?.ToString(), state.IssuedAt, state.ExpiresAt, reason, envelope);
}

/// <summary>A blob that a state names. The agent may fetch what the current state and the one before it name.</summary>
internal sealed class StateBlob(Guid organizationId, Guid clusterId, long serial, string digest) : ITenantOwned
{
    public Guid OrganizationId { get; private set; } = organizationId;
    public Guid ClusterId { get; private set; } = clusterId;
    public long Serial { get; private set; } = serial;
    public string Digest { get; private set; } = digest;
}
