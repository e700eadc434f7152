using CodeZero.Hub.Identity.Domain;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Data;

/// <summary>The OpenID Connect provider.</summary>
internal static class ProviderModel
{
    public static void Map(ModelBuilder builder)
    {
        builder.Entity<PendingAuthorization>(pending =>
        {
            pending.ToTable("pending_authorizations");
            pending.HasKey(p => p.Hash);
            pending.Property(p => p.Request).HasColumnType("jsonb");
            pending.HasIndex(p => p.ExpiresAt);
        });
        builder.Entity<Consent>(consent =>
        {
            consent.ToTable("consents");
            consent.HasKey(c => new { c.UserId, c.ClientId });
            consent.HasOne<Person>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<Grant>(grant =>
        {
            grant.ToTable("grants");
            grant.HasOne<Person>().WithMany().HasForeignKey(g => g.UserId).OnDelete(DeleteBehavior.Cascade);
            grant.HasIndex(g => g.ExpiresAt);
        });
        builder.Entity<AuthorizationCode>(code =>
        {
            code.ToTable("authorization_codes");
            code.HasKey(c => c.Hash);
            code.HasOne<Grant>().WithMany().HasForeignKey(c => c.GrantId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<RefreshToken>(token =>
        {
            token.ToTable("refresh_tokens");
            token.HasKey(t => t.Hash);
            token.HasOne<Grant>().WithMany().HasForeignKey(t => t.GrantId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<SigningKey>().ToTable("signing_keys");
    }
}
