using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Data;

/// <summary>Accounts and their sign-ins.</summary>
internal static class PeopleModel
{
    private static readonly Dictionary<EmailPurpose, string> Names = new()
    {
        [EmailPurpose.SignUp] = "sign-up",
        [EmailPurpose.PasswordReset] = "password-reset",
        [EmailPurpose.AddressChange] = "address-change",
    };

    public static void Map(ModelBuilder builder)
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
        builder.Entity<EmailProof>(proof =>
        {
            proof.ToTable("email_proofs");
            proof.HasKey(p => p.Hash);
            proof.Property(p => p.Purpose).HasConversion(purpose => Names[purpose], text => Names.Single(name => name.Value == text).Key);
            proof.Property(p => p.Email).HasMaxLength(Person.MaxEmailLength);
            proof.Property(p => p.NormalizedEmail).HasMaxLength(Person.MaxEmailLength);
            proof.HasIndex(p => p.NormalizedEmail);
            proof.HasIndex(p => p.ExpiresAt);
            proof.HasOne<Person>().WithMany().HasForeignKey(p => p.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<Authenticator>(authenticator =>
        {
            authenticator.ToTable("authenticators");
            authenticator.HasKey(a => a.UserId);
            authenticator.HasOne<Person>().WithOne().HasForeignKey<Authenticator>(a => a.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<RecoveryCode>(code =>
        {
            code.ToTable("recovery_codes");
            code.HasKey(c => new { c.UserId, c.Hash });
            code.HasOne<Person>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<Session>(session =>
        {
            session.ToTable("sessions");
            session.HasOne<Person>().WithMany().HasForeignKey(s => s.UserId).OnDelete(DeleteBehavior.Cascade);
            session.HasIndex(s => s.LimitedTo).HasFilter("limited_to is not null");
        });
    }
}
