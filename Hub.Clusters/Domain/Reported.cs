using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Clusters.Domain;

/// <summary>A report as it came, for people who look back. The newest <see cref="Kept"/> of a cluster stay.</summary>
internal sealed class StoredReport : ITenantOwned
{
    public const int Kept = 50;

    private StoredReport(Guid organizationId, Guid id, Guid clusterId, DateTimeOffset receivedAt, long? serial, string content) =>
        (OrganizationId, Id, ClusterId, ReceivedAt, Serial, Content) = (organizationId, id, clusterId, receivedAt, serial, content);

    public Guid OrganizationId { get; private set; }
    public Guid Id { get; private set; }
    public Guid ClusterId { get; private set; }
    public DateTimeOffset ReceivedAt { get; private set; }

    /// <summary>Of the last state that the agent had accepted.</summary>
    public long? Serial { get; private set; }

    /// <summary>The report's JSON.</summary>
    public string Content { get; private set; }

    public static StoredReport Of(Cluster cluster, AgentReport report, DateTimeOffset now) =>
        new(cluster.OrganizationId, Guid.CreateVersion7(now), cluster.Id, now, report.Serial, System.Text.Encoding.UTF8.GetString(report.ToJson()));
}

/// <summary>What the agent signed about a state. Written once, never changed: the table refuses it.</summary>
internal sealed class StoredReceipt : ITenantOwned
{
    private StoredReceipt(
        Guid organizationId, Guid id, Guid clusterId, string digest, string? previous, long? serial, string result, DateTimeOffset signedAt, string thumbprint,
        byte[] envelope, DateTimeOffset receivedAt)
    {
        (OrganizationId, Id, ClusterId, Digest, Previous) = (organizationId, id, clusterId, digest, previous);
        (Serial, Result, SignedAt, Thumbprint, Envelope, ReceivedAt) = (serial, result, signedAt, thumbprint, envelope, receivedAt);
    }

    public Guid OrganizationId { get; private set; }
    public Guid Id { get; private set; }
    public Guid ClusterId { get; private set; }

    /// <summary>Of the payload; what the next receipt names.</summary>
    public string Digest { get; private set; }
    public string? Previous { get; private set; }
    public long? Serial { get; private set; }
    public string Result { get; private set; }
    public DateTimeOffset SignedAt { get; private set; }
    public string Thumbprint { get; private set; }
    public byte[] Envelope { get; private set; }
    public DateTimeOffset ReceivedAt { get; private set; }

    public static StoredReceipt Of(Guid organizationId, Verified<Receipt> receipt, DsseEnvelope envelope, DateTimeOffset now) => new(
        organizationId, Guid.CreateVersion7(now), receipt.Value.Cluster, receipt.Digest.ToString(), receipt.Value.PreviousReceipt?.ToString(), receipt.Value.Serial,
        receipt.Value.Result, receipt.Value.At, receipt.Signers[0], envelope.ToJson(), now);
}
