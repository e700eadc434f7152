using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Sso;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Data;

/// <summary>Single sign-on through organizations' own providers.</summary>
internal static class SsoModel
{
    public static void Map(ModelBuilder builder)
    {
        builder.Entity<SsoProvider>(provider =>
        {
            provider.ToTable("sso_providers");
            provider.HasKey(p => p.OrganizationId);
            provider.Property(p => p.PublicKey).HasColumnType("jsonb");
            provider.Property(p => p.MultiFactor).HasConversion(trust => trust.ToString().ToLowerInvariant(), text => Enum.Parse<MultiFactorTrust>(text, true));
            provider.Property(p => p.JoinRole).HasConversion(OrganizationsModel.Role);
            provider.Property(p => p.RowVersion).IsRowVersion();
            provider.Ignore(p => p.Authentication);
            provider.HasOne<Organization>().WithOne().HasForeignKey<SsoProvider>(p => p.OrganizationId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<SsoLink>(link =>
        {
            link.ToTable("sso_links");
            link.HasKey(l => new { l.OrganizationId, l.Issuer, l.Subject });
            link.HasIndex(l => new { l.OrganizationId, l.Issuer, l.UserId }).IsUnique();
            link.HasOne<Organization>().WithMany().HasForeignKey(l => l.OrganizationId).OnDelete(DeleteBehavior.Cascade);
            link.HasOne<Person>().WithMany().HasForeignKey(l => l.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<SsoSignIn>(signIn =>
        {
            signIn.ToTable("sso_sign_ins");
            signIn.HasKey(s => s.Hash);
            signIn.HasIndex(s => s.ExpiresAt);
        });
    }
}
