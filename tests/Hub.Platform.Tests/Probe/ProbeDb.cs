using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace CodeZero.Hub.Platform.Tests.Probe;

/// <summary>The smallest module database there can be.</summary>
internal sealed class ProbeDb(DbContextOptions<ProbeDb> options, Tenant tenant) : ModuleDb(options, tenant, Schema)
{
    internal const string Schema = "probe";

    public DbSet<Thing> Things => Set<Thing>();
}

internal sealed class Thing : ITenantOwned
{
    public required Guid OrganizationId { get; init; }
    public required Guid Id { get; init; }
    public required string Name { get; set; }
    public uint Version { get; private set; }
}

internal sealed class ThingMap : IEntityTypeConfiguration<Thing>
{
    public void Configure(EntityTypeBuilder<Thing> builder)
    {
        builder.HasKey(thing => new { thing.OrganizationId, thing.Id });
        builder.Property(thing => thing.Version).IsRowVersion();
    }
}

/// <summary>Something happened to a thing; <paramref name="FailFirst"/> times its handler fails.</summary>
internal sealed record ThingHappened(Guid OrganizationId, string Name, int FailFirst) : IIntegrationEvent;
