using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What an organization says of itself, and its end. The slug never changes: it stands in addresses, and others trust applications by it. Needs an open transaction.</summary>
internal sealed class OrganizationSettings(IdentityDb db, IAuditLog audit, IEnumerable<IOrganizationHold> holds, TimeProvider clock)
{
    public async Task RenameAsync(Organization organization, string name, CancellationToken ct)
    {
        var before = organization.Name;
        if (before == name)
            return;
        organization.Rename(name);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(new("organization.renamed", "organization", organization.OrganizationId) { TargetName = name, Before = new { name = before }, After = new { name } }, ct);
    }

    /// <summary>Says whether members must sign in with more than one factor. Who asks for it must have done so: at least one owner then can go on.</summary>
    /// <param name="amr">How who asks signed in.</param>
    /// <returns>False, and nothing is changed, when they ask for what they did not do.</returns>
    public async Task<bool> RequireMfaAsync(Organization organization, bool required, IEnumerable<string> amr, CancellationToken ct)
    {
        var before = organization.MfaRequiredSince is not null;
        if (before == required)
            return true;
        if (required && !amr.Contains(AuthenticationMethods.MultiFactor))
            return false;
        organization.RequireMfa(required, clock.GetUtcNow());
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(new("policy.changed", "organization", organization.OrganizationId)
        {
            TargetName = organization.Name,
            Before = new { requireMfa = before },
            After = new { requireMfa = required },
        }, ct);
        return true;
    }

    /// <summary>What people must end by themselves before the organization can end. Asks the other modules; call it before the transaction that ends it.</summary>
    public async Task<IReadOnlyList<string>> FindHoldsAsync(Guid organizationId, CancellationToken ct)
    {
        var reasons = new List<string>();
        foreach (var hold in holds)
            if (await hold.FindAsync(organizationId, ct) is { } reason)
                reasons.Add(reason);
        return reasons;
    }

    /// <summary>Ends the organization that the scope works for, with its memberships, invitations and domains. Its slug stays taken and its audit log stays kept.</summary>
    /// <returns>False when somebody else has ended it.</returns>
    public async Task<bool> EndAsync(Guid organizationId, string slug, CancellationToken ct)
    {
        await db.LockAsync($"organization-end:{organizationId}", ct);
        if (await db.Organizations.SingleOrDefaultAsync(ct) is not { } organization)
            return false;
        await audit.RecordAsync(new("organization.ended", "organization", organization.OrganizationId) { TargetName = organization.Name, Before = new { organization.Name, slug } }, ct);
        db.Remove(organization);
        await db.SaveChangesAsync(ct);
        var now = clock.GetUtcNow();
        await db.Directory.Where(entry => entry.Id == organization.OrganizationId).ExecuteUpdateAsync(set => set.SetProperty(entry => entry.EndedAt, now), ct);
        return true;
    }
}
