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
            grant.HasIndex(g => g.ClientId);
            grant.HasIndex(g => g.LimitedTo).HasFilter("limited_to is not null");
            grant.Ignore(g => g.IsFederated);
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
        builder.Entity<DeviceAuthorization>(device =>
        {
            device.ToTable("device_authorizations");
            device.HasKey(d => d.Hash);
            device.Ignore(d => d.IsDenied);
            device.HasOne<Grant>().WithMany().HasForeignKey(d => d.GrantId).OnDelete(DeleteBehavior.Cascade);
            device.HasIndex(d => d.UserCode).IsUnique();
            device.HasIndex(d => d.ExpiresAt);
        });
        builder.Entity<PushedRequest>(pushed =>
        {
            pushed.ToTable("pushed_requests");
            pushed.HasKey(p => p.Hash);
            pushed.Property(p => p.Request).HasColumnType("jsonb");
            pushed.HasIndex(p => p.ExpiresAt);
        });
        builder.Entity<RevokedToken>(token =>
        {
            token.ToTable("revoked_tokens");
            token.HasKey(t => t.Hash);
            token.HasIndex(t => t.ExpiresAt);
        });
        builder.Entity<RegisteredClient>(client =>
        {
            client.ToTable("clients");
            client.HasKey(c => new { c.OrganizationId, c.Id });
            client.Ignore(c => c.ClientId);
            client.Property(c => c.Keys).HasColumnType("jsonb");
            client.Property(c => c.Version).IsRowVersion();
            client.HasOne<Organization>().WithMany().HasForeignKey(c => c.OrganizationId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<RegisteredClientSecret>(secret =>
        {
            secret.ToTable("client_secrets");
            secret.HasKey(s => new { s.OrganizationId, s.ClientId, s.Id });
            secret.HasOne<RegisteredClient>().WithMany().HasForeignKey(s => new { s.OrganizationId, s.ClientId }).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<Workload>(workload =>
        {
            workload.ToTable("workloads");
            workload.HasKey(w => new { w.OrganizationId, w.ClientId, w.Id });
            workload.Property(w => w.Keys).HasColumnType("jsonb");
            workload.Property(w => w.Version).IsRowVersion();
            workload.HasIndex(w => new { w.OrganizationId, w.ClientId, w.Issuer, w.Subject, w.Audience }).IsUnique();
            workload.HasOne<RegisteredClient>().WithMany().HasForeignKey(w => new { w.OrganizationId, w.ClientId }).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<SigningKey>(key =>
        {
            key.ToTable("signing_keys");
            key.Ignore(k => k.Period);
        });
    }
}
