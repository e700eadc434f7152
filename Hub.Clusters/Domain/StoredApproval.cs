using CodeZero.AgentProtocol.Signing;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Clusters.Domain;

/// <summary>
/// An approval as its approver signed it. The Hub has no approver keys and does not judge: it carries every well-formed approval to the cluster, which does.
/// </summary>
internal sealed class StoredApproval : ITenantOwned
{
    private StoredApproval(
        Guid organizationId, Guid id, Guid clusterId, Guid installId, string installDigest, string thumbprint, string approver, DateTimeOffset approvedAt,
        DateTimeOffset? expiresAt, string envelopeDigest, byte[] envelope, DateTimeOffset storedAt, Guid storedBy)
    {
        (OrganizationId, Id, ClusterId, InstallId, InstallDigest) = (organizationId, id, clusterId, installId, installDigest);
        (Thumbprint, Approver, ApprovedAt, ExpiresAt) = (thumbprint, approver, approvedAt, expiresAt);
        (EnvelopeDigest, Envelope, StoredAt, StoredBy) = (envelopeDigest, envelope, storedAt, storedBy);
    }

    public Guid OrganizationId { get; private set; }
    public Guid Id { get; private set; }
    public Guid ClusterId { get; private set; }
    public Guid InstallId { get; private set; }

    /// <summary>The install's digest that it approves; it is void for every other.</summary>
    public string InstallDigest { get; private set; }

    /// <summary>The key that the signature claims to be by.</summary>
    public string Thumbprint { get; private set; }

    /// <summary>Who approved, in their own words.</summary>
    public string Approver { get; private set; }

    public DateTimeOffset ApprovedAt { get; private set; }
    public DateTimeOffset? ExpiresAt { get; private set; }

    /// <summary>The same envelope twice is one approval.</summary>
    public string EnvelopeDigest { get; private set; }

    /// <summary>DSSE, as canonical JSON.</summary>
    public byte[] Envelope { get; private set; }

    public DateTimeOffset StoredAt { get; private set; }
    public Guid StoredBy { get; private set; }

    public static StoredApproval Of(Install install, AgentProtocol.Approval approval, DsseEnvelope signed, Guid storedBy, DateTimeOffset now)
    {
        var envelope = signed.ToJson();
        return new(
            install.OrganizationId, Guid.CreateVersion7(now), install.ClusterId, install.Id, install.Digest, signed.Signatures[0].Keyid, approval.Approver, approval.ApprovedAt,
            approval.ExpiresAt, AppManifest.Digest.Of(envelope).ToString(), envelope, now, storedBy);
    }
}
