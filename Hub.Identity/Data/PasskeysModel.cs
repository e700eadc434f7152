using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Data;

/// <summary>Passkeys, and the prompts for them.</summary>
internal static class PasskeysModel
{
    /// <summary>When a passkey was last used: a column beside those of ASP.NET Core Identity.</summary>
    public const string LastUsedAt = "LastUsedAt";

    public static void Map(ModelBuilder builder)
    {
        builder.Entity<Person>().HasIndex(person => person.PasskeyHandle).IsUnique();
        builder.Entity<IdentityUserPasskey<Guid>>(passkey =>
        {
            passkey.ToTable("user_passkeys");
            passkey.Property<DateTimeOffset?>(LastUsedAt);
        });
        builder.Entity<PasskeyCeremony>(ceremony =>
        {
            ceremony.ToTable("passkey_ceremonies");
            ceremony.HasKey(c => c.Hash);
            ceremony.Property(c => c.Purpose).HasConversion(purpose => purpose.ToString().ToLowerInvariant(), text => Enum.Parse<PasskeyPurpose>(text, true));
            ceremony.HasOne<Person>().WithMany().HasForeignKey(c => c.UserId).OnDelete(DeleteBehavior.Cascade);
            ceremony.HasIndex(c => c.ExpiresAt);
        });
    }
}
