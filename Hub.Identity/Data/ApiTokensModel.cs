using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Data;

/// <summary>Tokens that programs send: of people, and of organizations.</summary>
internal static class ApiTokensModel
{
    public static void Map(ModelBuilder builder)
    {
        builder.Entity<PersonalToken>(token =>
        {
            token.ToTable("personal_tokens");
            token.HasIndex(t => t.Hash).IsUnique();
            token.HasOne<Person>().WithMany().HasForeignKey(t => t.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        builder.Entity<ApiKey>(key =>
        {
            key.ToTable("api_keys");
            key.HasKey(k => new { k.OrganizationId, k.Id });
            key.HasIndex(k => new { k.OrganizationId, k.Hash }).IsUnique();
            key.Property(k => k.Role).HasConversion(role => role.ToString().ToLowerInvariant(), text => Enum.Parse<OrganizationRole>(text, true));
            key.HasOne<Organization>().WithMany().HasForeignKey(k => k.OrganizationId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
