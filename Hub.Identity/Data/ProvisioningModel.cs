using CodeZero.Hub.Identity.Domain;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Data;

/// <summary>What the directories of organizations say of people.</summary>
internal static class ProvisioningModel
{
    public static void Map(ModelBuilder builder)
    {
        builder.Entity<ScimDirectory>(directory =>
        {
            directory.ToTable("scim_directories");
            directory.HasKey(d => d.OrganizationId);
            directory.HasOne<Organization>().WithOne().HasForeignKey<ScimDirectory>(d => d.OrganizationId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<ScimUser>(user =>
        {
            user.ToTable("scim_users");
            user.HasKey(u => new { u.OrganizationId, u.Id });
            user.Property(u => u.Role).HasConversion(OrganizationsModel.Role);
            user.Property(u => u.Attributes).HasColumnType("jsonb");
            user.Property(u => u.RowVersion).IsRowVersion();
            user.HasIndex(u => new { u.OrganizationId, u.NormalizedUserName }).IsUnique();
            user.HasIndex(u => new { u.OrganizationId, u.UserId }).IsUnique();
            user.HasIndex(u => new { u.OrganizationId, u.ExternalId });
            user.HasOne<Organization>().WithMany().HasForeignKey(u => u.OrganizationId).OnDelete(DeleteBehavior.Cascade);
            user.HasOne<Person>().WithMany().HasForeignKey(u => u.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<ScimGroup>(group =>
        {
            group.ToTable("scim_groups");
            group.HasKey(g => new { g.OrganizationId, g.Id });
            group.Property(g => g.Role).HasConversion(OrganizationsModel.Role);
            group.Property(g => g.RowVersion).IsRowVersion();
            group.HasOne<Organization>().WithMany().HasForeignKey(g => g.OrganizationId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<ScimGroupMember>(member =>
        {
            member.ToTable("scim_group_members");
            member.HasKey(m => new { m.OrganizationId, m.GroupId, m.MemberId });
            member.HasIndex(m => new { m.OrganizationId, m.MemberId });
            member.HasOne<ScimGroup>().WithMany().HasForeignKey(m => new { m.OrganizationId, m.GroupId }).OnDelete(DeleteBehavior.Cascade);
            member.HasOne<ScimUser>().WithMany().HasForeignKey(m => new { m.OrganizationId, m.MemberId }).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
