using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Conventions;
using Npgsql;

namespace CodeZero.Hub.Clusters.Data;

internal sealed class ClustersDb(DbContextOptions<ClustersDb> options, Tenant tenant) : ModuleDb(options, tenant, Schema)
{
    public const string Schema = "clusters";

    public DbSet<Cluster> Clusters => Set<Cluster>();
    public DbSet<Enrolment> Enrolments => Set<Enrolment>();
    public DbSet<Agent> Agents => Set<Agent>();
    public DbSet<Blob> Blobs => Set<Blob>();
    public DbSet<Install> Installs => Set<Install>();
    public DbSet<StoredApproval> Approvals => Set<StoredApproval>();
    public DbSet<StateRevision> States => Set<StateRevision>();
    public DbSet<StateBlob> StateBlobs => Set<StateBlob>();
    public DbSet<StoredReport> Reports => Set<StoredReport>();
    public DbSet<StoredReceipt> Receipts => Set<StoredReceipt>();
    public DbSet<StateKey> StateKeys => Set<StateKey>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        // Indexes are chosen in the migrations, one by one.
        configurationBuilder.Conventions.Remove<ForeignKeyIndexConvention>();
        configurationBuilder.Properties<AgentStatus>().HaveConversion<LowerCaseName<AgentStatus>>();
        configurationBuilder.Properties<StateReason>().HaveConversion<LowerCaseName<StateReason>>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        // What is history is never deleted through something else.
        foreach (var foreignKey in modelBuilder.Model.GetEntityTypes().SelectMany(entity => entity.GetForeignKeys()))
            foreignKey.DeleteBehavior = DeleteBehavior.NoAction;
    }

    /// <summary>The cluster, by id or name, unless it is removed.</summary>
    public Task<Cluster?> FindClusterAsync(string idOrName, CancellationToken ct) => Guid.TryParse(idOrName, out var id)
        ? Clusters.SingleOrDefaultAsync(cluster => cluster.Id == id && cluster.RemovedAt == null, ct)
        : Clusters.SingleOrDefaultAsync(cluster => cluster.Name == idOrName && cluster.RemovedAt == null, ct);

    /// <summary>
    /// The cluster, by id or name, with its row locked until the transaction ends: whatever leads to a new state, or hands one out, waits here for its turn. Taken
    /// before any lock on what belongs to the cluster, so that nobody waits in a circle.
    /// </summary>
    public async Task<Cluster?> LockClusterAsync(string idOrName, CancellationToken ct)
    {
        var id = Guid.TryParse(idOrName, out var given)
            ? given
            : await Clusters.Where(cluster => cluster.Name == idOrName && cluster.RemovedAt == null).Select(cluster => cluster.Id).SingleOrDefaultAsync(ct);
        return await LockClusterAsync(id, ct);
    }

    /// <inheritdoc cref="LockClusterAsync(string, CancellationToken)"/>
    public Task<Cluster?> LockClusterAsync(Guid id, CancellationToken ct) => Clusters
        .FromSql($"select * from clusters.clusters where organization_id = {CurrentOrganization} and id = {id} and removed_at is null for no key update")
        .SingleOrDefaultAsync(ct);

    /// <summary>Saves; false when a unique index says that it is there already. Then nothing was saved, and the transaction can only be rolled back.</summary>
    public async Task<bool> TrySaveUniqueAsync(CancellationToken ct)
    {
        try
        {
            await SaveChangesAsync(ct);
            return true;
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return false;
        }
    }

    /// <summary>Keeps bytes by their digest; the same bytes twice are one row.</summary>
    public async Task KeepAsync(Blob blob, CancellationToken ct) => await Database.ExecuteSqlAsync($"""
        insert into clusters.blobs (organization_id, digest, content, created_at)
        values ({blob.OrganizationId}, {blob.Digest}, {blob.Content}, {blob.CreatedAt}) on conflict do nothing
        """, ct);
}
