using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Data;

/// <summary>Accounts and their sign-ins.</summary>
internal static class PeopleModel
{
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
        builder.Entity<Session>(session =>
        {
            session.ToTable("sessions");
            session.HasOne<Person>().WithMany().HasForeignKey(s => s.UserId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
