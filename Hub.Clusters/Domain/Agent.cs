using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Clusters.Domain;

/// <summary>Where a key that asked to speak for a cluster stands.</summary>
public enum AgentStatus
{
    /// <summary>It proved that it holds its key; nobody has confirmed the thumbprint yet.</summary>
    Pending,

    /// <summary>It speaks for the cluster. At most one does.</summary>
    Accepted,

    /// <summary>It was never accepted, and will not be.</summary>
    Refused,

    /// <summary>Another key took its place.</summary>
    Replaced,

    /// <summary>Its right was taken away.</summary>
    Revoked,
}

/// <summary>What an agent says about itself when it enrols; believed only as far as it matters to itself.</summary>
internal sealed record AgentIntroduction(
    string Thumbprint, string PublicKey, byte[] Keys, string ClusterUid, string Version, string KubernetesVersion, string Distribution, string Address);

/// <summary>A key that asked, with a valid token, to speak for a cluster.</summary>
internal sealed class Agent : ITenantOwned
{
    private Agent(
        Guid organizationId, Guid id, Guid clusterId, Guid enrolmentId, string thumbprint, string publicKey, byte[] keys, string clusterUid,
        string version, string kubernetesVersion, string distribution, string address, DateTimeOffset requestedAt)
    {
        (OrganizationId, Id, ClusterId, EnrolmentId) = (organizationId, id, clusterId, enrolmentId);
        (Thumbprint, PublicKey, Keys, ClusterUid) = (thumbprint, publicKey, keys, clusterUid);
        (Version, KubernetesVersion, Distribution, Address, RequestedAt) = (version, kubernetesVersion, distribution, address, requestedAt);
    }

    public Guid OrganizationId { get; private set; }
    public Guid Id { get; private set; }
    public Guid ClusterId { get; private set; }
    public Guid EnrolmentId { get; private set; }

    /// <summary>RFC 7638 thumbprint of the agent key: what a person compares.</summary>
    public string Thumbprint { get; private set; }

    /// <summary>The agent key as a public JWK.</summary>
    public string PublicKey { get; private set; }

    /// <summary>The envelope in which the agent key vouches for the sealing key.</summary>
    public byte[] Keys { get; private set; }

    /// <summary>The uid of the namespace <c>kube-system</c>.</summary>
    public string ClusterUid { get; private set; }

    public string Version { get; private set; }
    public string KubernetesVersion { get; private set; }
    public string Distribution { get; private set; }

    /// <summary>The IP address it enrolled from.</summary>
    public string Address { get; private set; }

    public DateTimeOffset RequestedAt { get; private set; }
    public AgentStatus Status { get; private set; }
    public DateTimeOffset? DecidedAt { get; private set; }

    /// <summary>Who decided; null when the configuration did.</summary>
    public Guid? DecidedBy { get; private set; }

    public static Agent Request(Guid organizationId, Guid clusterId, Guid enrolmentId, AgentIntroduction introduction, DateTimeOffset now) => new(
        organizationId, Guid.CreateVersion7(now), clusterId, enrolmentId, introduction.Thumbprint, introduction.PublicKey,
        introduction.Keys, introduction.ClusterUid, introduction.Version, introduction.KubernetesVersion, introduction.Distribution, introduction.Address, now);

    public void Accept(Guid? by, DateTimeOffset now) => Decide(AgentStatus.Pending, AgentStatus.Accepted, by, now);

    public void Refuse(Guid? by, DateTimeOffset now) => Decide(AgentStatus.Pending, AgentStatus.Refused, by, now);

    /// <summary>Ends its right to speak, or its hope for it.</summary>
    public void Revoke(Guid by, DateTimeOffset now) =>
        Decide(Status, Status == AgentStatus.Pending ? AgentStatus.Refused : AgentStatus.Revoked, by, now);

    public void Replace(Guid? by, DateTimeOffset now) => Decide(AgentStatus.Accepted, AgentStatus.Replaced, by, now);

    private void Decide(AgentStatus from, AgentStatus to, Guid? by, DateTimeOffset now)
    {
        if (Status != from || Status is not (AgentStatus.Pending or AgentStatus.Accepted))
            throw new InvalidOperationException($"An agent that is {Status} does not become {to}.");
        (Status, DecidedBy, DecidedAt) = (to, by, now);
    }
}
