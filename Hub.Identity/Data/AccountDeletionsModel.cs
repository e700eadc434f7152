using CodeZero.Hub.Identity.Domain;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Data;

/// <summary>Accounts on their way out.</summary>
internal static class AccountDeletionsModel
{
    public static void Map(ModelBuilder builder) => builder.Entity<AccountDeletion>(deletion =>
    {
        deletion.ToTable("account_deletions");
        deletion.HasKey(d => d.UserId);
        deletion.HasOne<Person>().WithOne().HasForeignKey<AccountDeletion>(d => d.UserId).OnDelete(DeleteBehavior.Cascade);
        deletion.HasIndex(d => d.DueAt);
    });
}
