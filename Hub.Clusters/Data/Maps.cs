using System.Text.Json;
using System.Text.Json.Serialization;
using CodeZero.Hub.Clusters.Domain;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace CodeZero.Hub.Clusters.Data;

/// <summary>How the entities lie in the tables of <c>Migrations/0001_clusters.sql</c>.</summary>
internal sealed class Maps :
    IEntityTypeConfiguration<Cluster>, IEntityTypeConfiguration<Enrolment>, IEntityTypeConfiguration<Agent>, IEntityTypeConfiguration<Blob>,
    IEntityTypeConfiguration<Install>, IEntityTypeConfiguration<StoredApproval>, IEntityTypeConfiguration<StateRevision>, IEntityTypeConfiguration<StateBlob>,
    IEntityTypeConfiguration<StoredReport>, IEntityTypeConfiguration<StoredReceipt>, IEntityTypeConfiguration<StateKey>
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    public void Configure(EntityTypeBuilder<Cluster> cluster)
    {
        cluster.ToTable("clusters").HasKey(row => new { row.OrganizationId, row.Id });
        cluster.HasIndex(row => new { row.OrganizationId, row.Name }).IsUnique().HasFilter("removed_at is null");
        AsJson(cluster.Property(row => row.StateRefusal)).HasColumnType("jsonb");
    }

    public void Configure(EntityTypeBuilder<Enrolment> enrolment)
    {
        enrolment.ToTable("enrolments").HasKey(row => new { row.OrganizationId, row.Id });
        enrolment.HasOne<Cluster>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.ClusterId });
        enrolment.HasIndex(row => new { row.OrganizationId, row.ClusterId });
    }

    public void Configure(EntityTypeBuilder<Agent> agent)
    {
        agent.ToTable("agents").HasKey(row => new { row.OrganizationId, row.Id });
        agent.HasOne<Cluster>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.ClusterId });
        agent.HasOne<Enrolment>().WithOne().HasForeignKey<Agent>(row => new { row.OrganizationId, row.EnrolmentId });
        agent.HasIndex(row => new { row.OrganizationId, row.EnrolmentId }).IsUnique();
        agent.HasIndex(row => new { row.OrganizationId, row.ClusterId }).IsUnique().HasFilter("status = 'accepted'");
        agent.HasIndex(row => new { row.OrganizationId, row.ClusterUid });
        agent.HasIndex(row => new { row.OrganizationId, row.ClusterId, row.RequestedAt });
    }

    public void Configure(EntityTypeBuilder<Blob> blob) =>
        blob.ToTable("blobs").HasKey(row => new { row.OrganizationId, row.Digest });

    public void Configure(EntityTypeBuilder<Install> install)
    {
        install.ToTable("installs").HasKey(row => new { row.OrganizationId, row.Id });
        install.Ignore(row => row.Content);
        install.HasOne<Cluster>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.ClusterId });
        install.HasOne<Blob>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.Manifest });
        install.HasOne<Blob>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.Inputs });
        install.HasOne<Blob>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.Approval });
        install.HasIndex(row => new { row.OrganizationId, row.ClusterId, row.Namespace, row.Name }).IsUnique().HasFilter("finished_at is null");
        install.HasIndex(row => new { row.OrganizationId, row.ClusterId, row.Id });
        AsJson(install.Property(row => row.Provisioner));
        AsJson(install.Property(row => row.Observed)).HasColumnType("jsonb");
    }

    public void Configure(EntityTypeBuilder<StoredApproval> approval)
    {
        approval.ToTable("approvals").HasKey(row => new { row.OrganizationId, row.Id });
        approval.HasOne<Install>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.InstallId });
        approval.HasIndex(row => new { row.OrganizationId, row.InstallId, row.EnvelopeDigest }).IsUnique();
        approval.HasIndex(row => new { row.OrganizationId, row.ClusterId, row.Id });
    }

    public void Configure(EntityTypeBuilder<StateRevision> state)
    {
        state.ToTable("states").HasKey(row => new { row.OrganizationId, row.ClusterId, row.Serial });
        state.HasOne<Cluster>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.ClusterId });
    }

    public void Configure(EntityTypeBuilder<StateBlob> blob)
    {
        blob.ToTable("state_blobs").HasKey(row => new { row.OrganizationId, row.ClusterId, row.Serial, row.Digest });
        blob.HasOne<StateRevision>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.ClusterId, row.Serial });
        blob.HasOne<Blob>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.Digest });
        blob.HasIndex(row => new { row.OrganizationId, row.Digest });
    }

    public void Configure(EntityTypeBuilder<StoredReport> report)
    {
        report.ToTable("reports").HasKey(row => new { row.OrganizationId, row.Id });
        report.Property(row => row.Content).HasColumnType("jsonb");
        report.HasOne<Cluster>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.ClusterId });
        report.HasIndex(row => new { row.OrganizationId, row.ClusterId, row.Id });
    }

    public void Configure(EntityTypeBuilder<StoredReceipt> receipt)
    {
        receipt.ToTable("receipts").HasKey(row => new { row.OrganizationId, row.Id });
        receipt.HasOne<Cluster>().WithMany().HasForeignKey(row => new { row.OrganizationId, row.ClusterId });
        receipt.HasIndex(row => new { row.OrganizationId, row.ClusterId, row.Digest }).IsUnique();
        receipt.HasIndex(row => new { row.OrganizationId, row.ClusterId, row.Id });
    }

    public void Configure(EntityTypeBuilder<StateKey> key)
    {
        key.ToTable("state_keys").HasKey(row => row.Thumbprint);
        key.HasOne<StateKey>().WithOne().HasForeignKey<StateKey>(row => row.Predecessor);
        key.HasIndex(row => row.Predecessor).IsUnique();
    }

    /// <summary>A value object as JSON text. It is immutable, so two are compared by what they say.</summary>
    private static PropertyBuilder<T> AsJson<T>(PropertyBuilder<T> property) => property.HasConversion(
        value => JsonSerializer.Serialize(value, Json),
        text => JsonSerializer.Deserialize<T>(text, Json)!,
        new Microsoft.EntityFrameworkCore.ChangeTracking.ValueComparer<T>(
            (a, b) => JsonSerializer.Serialize(a, Json) == JsonSerializer.Serialize(b, Json),
            value => JsonSerializer.Serialize(value, Json).GetHashCode(StringComparison.Ordinal),
            value => value));
}
