using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Data;

/// <summary>The schema <c>identity</c>. Accounts belong to no tenant; organizations and memberships do.</summary>
internal sealed class IdentityDb(DbContextOptions<IdentityDb> options, Tenant tenant) : IdentityUserContext<Person, Guid>(options), IModuleDb
{
    public const string Schema = "identity";

    public Guid CurrentOrganization => tenant.OrganizationId ?? Guid.Empty;

    public DbSet<DirectoryEntry> Directory => Set<DirectoryEntry>();
    public DbSet<Organization> Organizations => Set<Organization>();
    public DbSet<Member> Memberships => Set<Member>();
    public DbSet<Session> Sessions => Set<Session>();
    public DbSet<PendingAuthorization> PendingAuthorizations => Set<PendingAuthorization>();
    public DbSet<Consent> Consents => Set<Consent>();
    public DbSet<Grant> Grants => Set<Grant>();
    public DbSet<AuthorizationCode> AuthorizationCodes => Set<AuthorizationCode>();
    public DbSet<RefreshToken> RefreshTokens => Set<RefreshToken>();
    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();

    /// <summary>Waits until no other transaction holds the same name; held to the end of this transaction.</summary>
    public Task LockAsync(string name, CancellationToken ct) =>
        Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended({"identity:" + name}, 0))", ct);

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        MapAccounts(builder);
        MapOrganizations(builder);
        MapProtocol(builder);
        builder.ApplyHubConventions(this, Schema);
    }

    private static void MapAccounts(ModelBuilder builder)
    {
        builder.Entity<Person>(person =>
        {
            person.ToTable("users");
            person.Property(p => p.Email).HasMaxLength(Person.MaxEmailLength).IsRequired();
            person.Property(p => p.UserName).HasMaxLength(Person.MaxEmailLength).IsRequired();
            person.Property(p => p.NormalizedEmail).HasMaxLength(Person.MaxEmailLength).IsRequired();
            person.Property(p => p.NormalizedUserName).HasMaxLength(Person.MaxEmailLength).IsRequired();
            person.Property(p => p.SecurityStamp).IsRequired();
            person.HasIndex(p => p.NormalizedEmail).IsUnique().HasDatabaseName("email_index");
        });
        builder.Entity<IdentityUserClaim<Guid>>().ToTable("user_claims");
        builder.Entity<IdentityUserLogin<Guid>>().ToTable("user_logins");
        builder.Entity<IdentityUserToken<Guid>>().ToTable("user_tokens");
        builder.Entity<IdentityUserPasskey<Guid>>().ToTable("user_passkeys");
        builder.Entity<Session>(session =>
        {
            session.ToTable("sessions");
            session.HasOne<Person>().WithMany().HasForeignKey(s => s.UserId).OnDelete(DeleteBehavior.Cascade);
        });
    }

    private static void MapOrganizations(ModelBuilder builder)
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

    private static void MapProtocol(ModelBuilder builder)
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
