using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Dns;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What a look at a claimed domain gave.</summary>
internal enum DomainCheck
{
    /// <summary>The record is there, and the domain is the organization's.</summary>
    Verified,

    /// <summary>The domain does not have the record.</summary>
    NoRecord,

    /// <summary>Nobody could say: the servers of the domain did not answer as they should.</summary>
    Undecided,

    /// <summary>The record is there, but another organization has the domain.</summary>
    Taken,

    /// <summary>The organization does not claim it.</summary>
    NotClaimed,
}

/// <summary>Domains of organizations, and who joins by them. The DNS is never waited for inside a transaction.</summary>
internal sealed class Domains(IdentityDb db, Tenant tenant, IDnsResolver dns, IAuditLog audit, Memberships memberships, IServiceScopeFactory scopes, TimeProvider clock)
{
    /// <summary>The most domains that an organization may claim.</summary>
    public const int Limit = 50;

    /// <summary>Looks whether a domain that the scope's organization claims has its record, and keeps what comes of it. Needs that no transaction is open.</summary>
    public async Task<DomainCheck> CheckAsync(string name, CancellationToken ct)
    {
        if (await db.InTransactionAsync(() => Named(name).AsNoTracking().SingleOrDefaultAsync(ct), ct) is not { } claimed)
            return DomainCheck.NotClaimed;
        var answer = await dns.FindTextAsync(claimed.RecordName, ct);
        return answer switch
        {
            DnsText.Found found when found.Texts.Contains(claimed.RecordText) => await db.InTransactionAsync(() => KeepVerifiedAsync(name, ct), ct),
            DnsText.Unavailable => DomainCheck.Undecided,
            _ => await db.InTransactionAsync(() => KeepMissingAsync(name, ct), ct),
        };
    }

    /// <summary>Says that a domain is the organization's, which has no effect before it is verified. Null when it may claim no more. Needs an open transaction.</summary>
    public async Task<(OrganizationDomain Domain, bool IsNew)?> ClaimAsync(string name, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await Named(name).SingleOrDefaultAsync(ct) is { } present)
            return (present, false);
        if (await db.Domains.CountAsync(ct) >= Limit)
            return null;
        var domain = OrganizationDomain.Claim(tenant.OrganizationId!.Value, name, clock.GetUtcNow());
        db.Add(domain);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(new("domain.claimed", "domain", name) { TargetName = name }, ct);
        return (domain, true);
    }

    /// <summary>Says in which role people join by a verified domain. Needs an open transaction.</summary>
    public async Task ChangeJoinRoleAsync(OrganizationDomain domain, OrganizationRole? role, CancellationToken ct)
    {
        var before = domain.JoinRole;
        if (before == role)
            return;
        domain.Join(role);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(new("domain.joining_changed", "domain", domain.Name) { TargetName = domain.Name, Before = new { joinRole = before }, After = new { joinRole = role } }, ct);
    }

    /// <summary>Gives a domain up: it is nobody's, and whoever joined by it stays. False when it is not claimed. Needs an open transaction.</summary>
    public async Task<bool> RemoveAsync(string name, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await Named(name).SingleOrDefaultAsync(ct) is not { } domain)
            return false;
        db.Remove(domain);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(new("domain.removed", "domain", name) { TargetName = name, Before = new { domain.VerifiedAt, domain.JoinRole } }, ct);
        return true;
    }

    /// <summary>The organization that an e-mail address's domain is verified for; null when there is none.</summary>
    public async Task<Guid?> FindOrganizationAsync(string email, CancellationToken ct) =>
        DomainName.OfAddress(email) is { } name ? (await db.VerifiedDomains.AsNoTracking().SingleOrDefaultAsync(domain => domain.Name == name, ct))?.DirectoryId : null;

    /// <summary>
    /// Makes a person with a confirmed address a member of the organization whose verified domain it is of, when that lets people join: once, and never again after they left.
    /// </summary>
    public async Task JoinAsync(Person person, CancellationToken ct)
    {
        if (!person.EmailConfirmed || await FindOrganizationAsync(person.Email!, ct) is not { } organization)
            return;
        await using var scope = scopes.CreateAsyncScope(); // the request's own may already work for another organization
        scope.ServiceProvider.GetRequiredService<Tenant>().Enter(organization);
        await scope.ServiceProvider.GetRequiredService<Domains>().JoinOwnAsync(person, ct);
    }

    private Task<bool> JoinOwnAsync(Person person, CancellationToken ct) => db.InTransactionAsync(async () =>
    {
        if (DomainName.OfAddress(person.Email!) is not { } name || await Named(name).AsNoTracking().SingleOrDefaultAsync(ct) is not { VerifiedAt: not null, JoinRole: { } role })
            return false;
        var now = clock.GetUtcNow();
        if (await db.Database.ExecuteSqlAsync($"insert into identity.domain_joins (organization_id, user_id, joined_at) values ({tenant.OrganizationId}, {person.Id}, {now}) on conflict do nothing", ct) == 0)
            return false;
        return await memberships.AddAsync(person.Id, role, "domain", ct) == MembershipOutcome.Done;
    }, ct);

    /// <summary>Changes of an organization's domains wait for each other.</summary>
    private Task LockAsync(CancellationToken ct) => db.LockAsync($"domains:{tenant.OrganizationId}", ct);

    private IQueryable<OrganizationDomain> Named(string name) => db.Domains.Where(domain => domain.Name == name);

    private async Task<DomainCheck> KeepVerifiedAsync(string name, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await Named(name).SingleOrDefaultAsync(ct) is not { } domain)
            return DomainCheck.NotClaimed;
        var organization = tenant.OrganizationId!.Value;
        await db.Database.ExecuteSqlAsync($"insert into identity.verified_domains (name, directory_id) values ({name}, {organization}) on conflict (name) do nothing", ct);
        if (!await db.VerifiedDomains.AnyAsync(row => row.Name == name && row.DirectoryId == organization, ct))
            return DomainCheck.Taken;
        var first = domain.VerifiedAt is null;
        domain.Verify(clock.GetUtcNow());
        await db.SaveChangesAsync(ct);
        if (first)
            await audit.RecordAsync(new("domain.verified", "domain", name) { TargetName = name }, ct);
        return DomainCheck.Verified;
    }

    private async Task<DomainCheck> KeepMissingAsync(string name, CancellationToken ct)
    {
        await LockAsync(ct);
        if (await Named(name).SingleOrDefaultAsync(ct) is not { } domain)
            return DomainCheck.NotClaimed;
        var lapsed = domain.Miss(clock.GetUtcNow());
        await db.SaveChangesAsync(ct);
        if (lapsed)
        {
            await db.VerifiedDomains.Where(row => row.Name == name && row.DirectoryId == tenant.OrganizationId).ExecuteDeleteAsync(ct);
            await audit.RecordAsync(new("domain.lapsed", "domain", name) { TargetName = name }, ct);
        }
        return DomainCheck.NoRecord;
    }
}

/// <summary>Whose a verified domain is.</summary>
internal sealed class VerifiedDomain(string name, Guid directoryId)
{
    public string Name { get; private set; } = name;

    /// <summary>The organization, as in the directory.</summary>
    public Guid DirectoryId { get; private set; } = directoryId;
}

/// <summary>That somebody has joined by a domain once.</summary>
internal sealed class DomainJoin(Guid organizationId, Guid userId, DateTimeOffset joinedAt) : ITenantOwned
{
    public Guid OrganizationId { get; private set; } = organizationId;
    public Guid UserId { get; private set; } = userId;
    public DateTimeOffset JoinedAt { get; private set; } = joinedAt;
}
