using CodeZero.AgentProtocol;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Clusters.Domain;

/// <summary>A one-time permission for an agent to ask to speak for a cluster. Of its token only the hash is kept.</summary>
internal sealed class Enrolment : ITenantOwned
{
    private Enrolment(Guid organizationId, Guid id, Guid clusterId, string tokenHash, DateTimeOffset createdAt, Guid createdBy, DateTimeOffset expiresAt) =>
        (OrganizationId, Id, ClusterId, TokenHash, CreatedAt, CreatedBy, ExpiresAt) = (organizationId, id, clusterId, tokenHash, createdAt, createdBy, expiresAt);

    public Guid OrganizationId { get; private set; }
    public Guid Id { get; private set; }
    public Guid ClusterId { get; private set; }

    /// <summary>Digest of the token's text.</summary>
    public string TokenHash { get; private set; }

    public DateTimeOffset CreatedAt { get; private set; }
    public Guid CreatedBy { get; private set; }
    public DateTimeOffset ExpiresAt { get; private set; }

    /// <summary>Set once, by one atomic update.</summary>
    public DateTimeOffset? ConsumedAt { get; private set; }

    public static Enrolment Open(Cluster cluster, EnrolmentToken token, TimeSpan life, Guid createdBy, DateTimeOffset now) =>
        new(cluster.OrganizationId, token.Enrolment, cluster.Id, token.Hash.ToString(), now, createdBy, now + life);

    public EnrolmentState StateAt(DateTimeOffset now) =>
        ConsumedAt is not null ? EnrolmentState.Used : now < ExpiresAt ? EnrolmentState.Open : EnrolmentState.Expired;
}

/// <summary>Whether an enrolment token can still be used.</summary>
public enum EnrolmentState
{
    Open,
    Used,
    Expired,
}
