using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Data;

/// <summary>Organizations and their members.</summary>
internal static class OrganizationsModel
{
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
            organization.HasOne<DirectoryEntry>().WithOne().HasForeignKey<Organization>(o => o.OrganizationId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<Member>(member =>
        {
            member.ToTable("memberships");
            member.HasKey(m => new { m.OrganizationId, m.UserId });
            member.Property(m => m.Role).HasConversion(role => role.ToString().ToLowerInvariant(), text => Enum.Parse<OrganizationRole>(text, true));
            member.HasOne<Organization>().WithMany().HasForeignKey(m => m.OrganizationId).OnDelete(DeleteBehavior.Cascade);
            member.HasOne<Person>().WithMany().HasForeignKey(m => m.UserId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
