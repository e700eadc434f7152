using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace CodeZero.Hub.Identity.Data;

/// <summary>Organizations, their members, and how people become members.</summary>
internal static class OrganizationsModel
{
    public static readonly ValueConverter<OrganizationRole, string> Role = new(role => role.ToString().ToLowerInvariant(), text => Enum.Parse<OrganizationRole>(text, true));

    public static void Map(ModelBuilder builder)
    {
        builder.Entity<DirectoryEntry>(entry =>
        {
            entry.ToTable("directory");
            entry.HasIndex(e => e.Slug).IsUnique();
        });
        builder.Entity<Organization>(organization =>
        {
            organization.ToTable("organizations");
            organization.HasKey(o => o.OrganizationId);
            organization.Property(o => o.RowVersion).IsRowVersion();
            organization.HasOne<DirectoryEntry>().WithOne().HasForeignKey<Organization>(o => o.OrganizationId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<Member>(member =>
        {
            member.ToTable("memberships");
            member.HasKey(m => new { m.OrganizationId, m.UserId });
            member.Property(m => m.Role).HasConversion(Role);
            member.Property(m => m.RowVersion).IsRowVersion();
            member.HasOne<Organization>().WithMany().HasForeignKey(m => m.OrganizationId).OnDelete(DeleteBehavior.Cascade);
            member.HasOne<Person>().WithMany().HasForeignKey(m => m.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<Invitation>(invitation =>
        {
            invitation.ToTable("invitations");
            invitation.HasKey(i => new { i.OrganizationId, i.Id });
            invitation.Property(i => i.Role).HasConversion(Role);
            invitation.HasIndex(i => new { i.OrganizationId, i.NormalizedEmail }).IsUnique().HasFilter("accepted_at is null and revoked_at is null");
            invitation.HasOne<Organization>().WithMany().HasForeignKey(i => i.OrganizationId).OnDelete(DeleteBehavior.Cascade);
        });
        MapDomains(builder);
    }

    private static void MapDomains(ModelBuilder builder)
    {
        builder.Entity<OrganizationDomain>(domain =>
        {
            domain.ToTable("domains");
            domain.HasKey(d => new { d.OrganizationId, d.Name });
            domain.Property(d => d.JoinRole).HasConversion(Role);
            domain.Property(d => d.RowVersion).IsRowVersion();
            domain.Ignore(d => d.RecordName).Ignore(d => d.RecordText);
            domain.HasOne<Organization>().WithMany().HasForeignKey(d => d.OrganizationId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<VerifiedDomain>(domain =>
        {
            domain.ToTable("verified_domains");
            domain.HasKey(d => d.Name);
            domain.HasOne<OrganizationDomain>().WithMany().HasForeignKey(d => new { d.DirectoryId, d.Name }).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<DomainJoin>(join =>
        {
            join.ToTable("domain_joins");
            join.HasKey(j => new { j.OrganizationId, j.UserId });
            join.HasOne<Organization>().WithMany().HasForeignKey(j => j.OrganizationId).OnDelete(DeleteBehavior.Cascade);
            join.HasOne<Person>().WithMany().HasForeignKey(j => j.UserId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
