using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Clusters.Domain;

/// <summary>Immutable bytes that a state refers to: a manifest, sealed inputs, or a set of approvals. 1 byte to 1 MiB.</summary>
internal sealed class Blob : ITenantOwned
{
    private Blob(Guid organizationId, string digest, byte[] content, DateTimeOffset createdAt) =>
        (OrganizationId, Digest, Content, CreatedAt) = (organizationId, digest, content, createdAt);

    public Guid OrganizationId { get; private set; }
    public string Digest { get; private set; }
    public byte[] Content { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }

    public static Blob Of(Guid organizationId, byte[] content, DateTimeOffset now) =>
        new(organizationId, AppManifest.Digest.Of(content).ToString(), content, now);
}
