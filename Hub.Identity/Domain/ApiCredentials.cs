using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Looks tokens up, each in a scope of its own: a key's organization is entered to find the key, before it is known whether the request may enter it.</summary>
internal sealed class ApiCredentials(IServiceScopeFactory scopes, TimeProvider clock) : IApiCredentials
{
    public async Task<ApiCredential?> FindAsync(Guid? organizationId, byte[] hash, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        if (organizationId is not { } organization)
            return await FindPersonalAsync(db, hash, ct);
        scope.ServiceProvider.GetRequiredService<Tenant>().Enter(organization);
        return await db.InTransactionAsync(() => FindKeyAsync(db, hash, ct), ct);
    }

    private async Task<PersonalCredential?> FindPersonalAsync(IdentityDb db, byte[] hash, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var found = await db.PersonalTokens.AsNoTracking().SingleOrDefaultAsync(token => token.Hash == hash && token.RevokedAt == null && token.ExpiresAt > now
            && db.Users.Any(person => person.Id == token.UserId && person.SecurityStamp == token.SecurityStamp && person.LockoutEnd != DateTimeOffset.MaxValue), ct);
        if (found is null)
            return null;
        if (IsDue(found.LastUsedAt, now))
            await db.PersonalTokens.Where(token => token.Id == found.Id && token.LastUsedAt == found.LastUsedAt).ExecuteUpdateAsync(set => set.SetProperty(token => token.LastUsedAt, now), ct);
        return new(found.Id, found.Name, found.Permissions.ToHashSet(), found.UserId, found.Amr, found.Organizations?.ToHashSet());
    }

    private async Task<KeyCredential?> FindKeyAsync(IdentityDb db, byte[] hash, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var found = await (
            from key in db.ApiKeys.AsNoTracking()
            join organization in db.Organizations on key.OrganizationId equals organization.OrganizationId
            join entry in db.Directory on key.OrganizationId equals entry.Id
            where key.Hash == hash && key.RevokedAt == null && key.ExpiresAt > now
            select new { Key = key, organization.Name, entry.Slug }).SingleOrDefaultAsync(ct);
        if (found is not { Key: var row })
            return null;
        if (IsDue(row.LastUsedAt, now))
            await db.ApiKeys.Where(key => key.Id == row.Id && key.LastUsedAt == row.LastUsedAt).ExecuteUpdateAsync(set => set.SetProperty(key => key.LastUsedAt, now), ct);
        return new(row.Id, row.Name, row.Permissions.ToHashSet(), new Membership(row.OrganizationId, found.Slug, found.Name, row.Role));
    }

    private static bool IsDue(DateTimeOffset? lastUsed, DateTimeOffset now) => lastUsed is null || now - lastUsed >= ApiTokenRules.SightingInterval;
}
