using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Contracts;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>That an organization's directory calls.</summary>
internal sealed class ScimDirectory(Guid organizationId, DateTimeOffset lastCallAt) : ITenantOwned
{
    public Guid OrganizationId { get; private set; } = organizationId;

    /// <summary>When a call last succeeded, to the minute.</summary>
    public DateTimeOffset LastCallAt { get; private set; } = lastCallAt;
}

/// <summary>How an organization's provisioning stands.</summary>
internal sealed record ProvisioningStanding(int Users, int ActiveUsers, int Groups, DateTimeOffset? LastCallAt);

/// <summary>Provisioning of the organization that the scope works for, as a whole. Needs an open transaction of <see cref="IdentityDb"/>.</summary>
internal sealed class ScimDirectories(IdentityDb db, Tenant tenant, Memberships memberships, IAuditLog audit, TimeProvider clock)
{
    private static readonly TimeSpan NotedAfter = TimeSpan.FromMinutes(1);

    /// <summary>Notes that a call succeeded, at most once a minute.</summary>
    public Task NoteCallAsync(CancellationToken ct)
    {
        var (now, before) = (clock.GetUtcNow(), clock.GetUtcNow() - NotedAfter);
        return db.Database.ExecuteSqlAsync($"""
            insert into identity.scim_directories (organization_id, last_call_at) values ({tenant.OrganizationId}, {now})
            on conflict (organization_id) do update set last_call_at = excluded.last_call_at where scim_directories.last_call_at < {before}
            """, ct);
    }

    public async Task<ProvisioningStanding> ReadAsync(CancellationToken ct) => new(
        await db.ScimUsers.CountAsync(ct), await db.ScimUsers.CountAsync(user => user.Active, ct), await db.ScimGroups.CountAsync(ct),
        await db.ScimDirectories.Select(directory => (DateTimeOffset?)directory.LastCallAt).SingleOrDefaultAsync(ct));

    /// <summary>Forgets the directory: whoever is a member stays so in their role, and is changed and removed by hand again. A directory that still calls begins anew.</summary>
    public async Task EndAsync(CancellationToken ct)
    {
        await memberships.LockAsync(ct);
        var standing = await ReadAsync(ct);
        await db.ScimGroups.ExecuteDeleteAsync(ct);
        await db.ScimUsers.ExecuteDeleteAsync(ct);
        await db.ScimDirectories.ExecuteDeleteAsync(ct);
        await audit.RecordAsync(new("provisioning.ended", "organization", tenant.OrganizationId!.Value) { Before = new { standing.Users, standing.ActiveUsers, standing.Groups } }, ct);
    }
}
