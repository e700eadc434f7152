using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Registry.Domain;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace CodeZero.Hub.Registry.Data;

internal sealed class RegistryDb(DbContextOptions<RegistryDb> options, Tenant tenant) : ModuleDb(options, tenant, Schema)
{
    public const string Schema = "registry";

    /// <summary>The tenant's own applications; for the catalogue, see <see cref="Catalogue"/>.</summary>
    public DbSet<RegisteredApp> Applications => Set<RegisteredApp>();

    public DbSet<PublishedApp> Versions => Set<PublishedApp>();
    public DbSet<ArtworkFile> Artwork => Set<ArtworkFile>();

    /// <summary>The application at a catalogue address, as far as this scope may see it: public ones, and the tenant's own.</summary>
    public IQueryable<RegisteredApp> CatalogueOf(string publisher, string app) => Applications.IgnoreQueryFilters([ModuleDatabase.TenantFilter]).AsNoTracking()
        .Where(found => found.Publisher == publisher && found.App == app && (found.Visibility == Visibility.Public || found.OrganizationId == CurrentOrganization));

    /// <summary>The versions of an application that this scope may see; row-level security asks for the same.</summary>
    public IQueryable<PublishedApp> VersionsOf(RegisteredApp app) => Versions.IgnoreQueryFilters([ModuleDatabase.TenantFilter])
        .Where(version => version.OrganizationId == app.OrganizationId && version.ApplicationId == app.Id);

    /// <summary>One version of an application, by its name or by its digest; null finds the latest.</summary>
    public async Task<(RegisteredApp App, PublishedApp Version)?> FindVersionAsync(string publisher, string app, string? versionOrDigest, CancellationToken ct) =>
        await CatalogueOf(publisher, app).SingleOrDefaultAsync(ct) is { } application && await FindVersionAsync(application, versionOrDigest ?? application.LatestVersion, ct) is { } version
            ? (application, version)
            : null;

    /// <summary>A version by its name; or the highest of those with a digest.</summary>
    public Task<PublishedApp?> FindVersionAsync(RegisteredApp app, string versionOrDigest, CancellationToken ct)
    {
        var versions = VersionsOf(app).AsNoTracking();
        return AppManifest.Digest.TryParse(versionOrDigest, out _)
            ? versions.Where(found => found.Digest == versionOrDigest).OrderByDescending(found => found.Precedence).FirstOrDefaultAsync(ct)
            : versions.SingleOrDefaultAsync(found => found.Version == versionOrDigest, ct);
    }

    /// <summary>Publishing to one application happens one at a time, until the transaction ends.</summary>
    public Task<int> LockAsync(string app, CancellationToken ct) =>
        Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({$"registry:{CurrentOrganization}:{app}"}, 0))", ct);

    /// <summary>Keeps an image; the same bytes twice are one row.</summary>
    public Task<int> KeepAsync(ArtworkFile image, CancellationToken ct) => Database.ExecuteSqlAsync($"""
        insert into registry.artwork (organization_id, digest, media_type, content, created_at)
        values ({image.OrganizationId}, {image.Digest}, {image.MediaType}, {image.Content}, {image.CreatedAt}) on conflict do nothing
        """, ct);
}

internal sealed class RegisteredAppMap : IEntityTypeConfiguration<RegisteredApp>
{
    public void Configure(EntityTypeBuilder<RegisteredApp> builder)
    {
        builder.ToTable("applications");
        builder.HasKey(app => new { app.OrganizationId, app.Id });
        builder.HasIndex(app => new { app.OrganizationId, app.App }).IsUnique();
        builder.HasIndex(app => new { app.Publisher, app.App });
        builder.Property(app => app.Visibility).HasConversion(LowerCase);
        builder.Property(app => app.RowVersion).HasColumnName("xmin").IsRowVersion();
    }

    private static readonly ValueConverter<Visibility, string> LowerCase = new(
        value => value == Visibility.Public ? "public" : "private", text => text == "public" ? Visibility.Public : Visibility.Private);
}

internal sealed class PublishedAppMap : IEntityTypeConfiguration<PublishedApp>
{
    public void Configure(EntityTypeBuilder<PublishedApp> builder)
    {
        builder.ToTable("versions");
        builder.HasKey(version => new { version.OrganizationId, version.Id });
        builder.HasOne<RegisteredApp>().WithMany().HasForeignKey(version => new { version.OrganizationId, version.ApplicationId }).OnDelete(DeleteBehavior.NoAction);
        builder.HasIndex(version => new { version.OrganizationId, version.ApplicationId, version.Precedence }).IsUnique();
        builder.HasIndex(version => new { version.OrganizationId, version.ApplicationId, version.Digest });
        builder.Property(version => version.Precedence).UseCollation("C");
    }
}

internal sealed class ArtworkFileMap : IEntityTypeConfiguration<ArtworkFile>
{
    public void Configure(EntityTypeBuilder<ArtworkFile> builder)
    {
        builder.ToTable("artwork");
        builder.HasKey(image => new { image.OrganizationId, image.Digest });
        builder.HasIndex(image => image.Digest);
    }
}
