using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What came of making an API key.</summary>
internal abstract record ApiKeyResult
{
    /// <param name="Token">The key itself, which is nowhere else.</param>
    public sealed record Made(ApiKey Key, ApiToken Token) : ApiKeyResult;

    /// <summary>Its role would be above that of its maker, or above admin.</summary>
    public sealed record AboveOwnRole : ApiKeyResult;

    public sealed record TooMany : ApiKeyResult;
}

/// <summary>The API keys of the organization that the scope works for. Each change is in the audit log. Needs an open transaction of <see cref="IdentityDb"/>.</summary>
internal sealed class ApiKeys(IdentityDb db, Tenant tenant, Memberships memberships, IAuditLog audit, TimeProvider clock)
{
    /// <summary>The most that an organization has in use, and the most of those that ended which are still shown.</summary>
    public const int Limit = 100;

    /// <summary>Makes a key.</summary>
    /// <param name="maker">The member who makes it, whose role as it is now bounds the key's.</param>
    /// <param name="role">At least the lowest that has all the permissions.</param>
    public async Task<ApiKeyResult> CreateAsync(Guid maker, string name, OrganizationRole role, IReadOnlyList<Permission> permissions, int days, CancellationToken ct)
    {
        await memberships.LockAsync(ct); // neither two requests that count below the limit, nor a role that is taken from the maker meanwhile
        if (role > OrganizationRole.Admin || !await memberships.ReachesAsync(maker, role, ct))
            return new ApiKeyResult.AboveOwnRole();
        var now = clock.GetUtcNow();
        if (await db.ApiKeys.CountAsync(key => key.RevokedAt == null && key.ExpiresAt > now, ct) >= Limit)
            return new ApiKeyResult.TooMany();
        await db.ApiKeys.Where(key => key.RevokedAt != null || key.ExpiresAt <= now).OrderByDescending(key => key.Id).Skip(Limit).ExecuteDeleteAsync(ct);
        var organization = tenant.OrganizationId!.Value;
        var made = ApiToken.Create(organization);
        var kept = new ApiKey(organization, Guid.CreateVersion7(now), name.Trim(), made.Hash, role, [.. permissions.Select(permission => permission.Name)], maker, now, now.AddDays(days));
        db.Add(kept);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(new("key.created", "key", kept.Id) { TargetName = kept.Name, After = new { kept.Role, kept.Permissions, kept.ExpiresAt } }, ct);
        return new ApiKeyResult.Made(kept, made);
    }

    /// <summary>Revokes a key, and what it offered and nobody has accepted. Again: the same. False when there is no such key.</summary>
    public async Task<bool> RevokeAsync(Guid id, CancellationToken ct)
    {
        await memberships.LockAsync(ct);
        if (await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(key => key.Id == id, ct) is not { } found)
            return false;
        var now = clock.GetUtcNow();
        if (await db.ApiKeys.Where(key => key.Id == id && key.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(key => key.RevokedAt, now), ct) == 0)
            return true;
        await memberships.WithdrawInvitationsAsync(id, role: null, ct);
        await audit.RecordAsync(new("key.revoked", "key", id) { TargetName = found.Name, Before = new { found.Role, found.Permissions, found.ExpiresAt } }, ct);
        return true;
    }
}
