using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Sso;

/// <summary>What came of changing how an organization signs its members in.</summary>
internal enum SsoChange
{
    Done,

    /// <summary>A new issuer, client or way to authenticate needs its secret.</summary>
    SecretMissing,

    /// <summary>Without a verified domain nobody can sign in through the provider.</summary>
    NoDomain,

    /// <summary>A break-glass owner is no owner, or could not sign in with two factors of their own.</summary>
    UnfitBreakGlass,

    /// <summary>Who enforces it would be out.</summary>
    WouldLockOut,
}

/// <summary>The provider of the scope's organization, and whether members must use it. Needs an open transaction.</summary>
internal sealed class SsoProviders(IdentityDb db, Tenant tenant, SsoSecrets secrets, Memberships memberships, Sessions sessions, IAuditLog audit, TimeProvider clock)
{
    private Guid Organization => tenant.OrganizationId ?? throw new InvalidOperationException("This scope works for no organization, which then has no provider.");

    public Task<SsoProvider?> FindAsync(CancellationToken ct) => db.SsoProviders.SingleOrDefaultAsync(ct);

    /// <summary>The same, to be changed: nobody else changes it, or who is a member, until the transaction ends.</summary>
    public async Task<SsoProvider?> FindAndLockAsync(CancellationToken ct)
    {
        await memberships.LockAsync(ct);
        return await FindAsync(ct);
    }

    /// <summary>Whether members must sign in through the provider, and the owners who need not.</summary>
    public async Task<(bool Enforced, IReadOnlyList<Guid> BreakGlass)> ReadEnforcementAsync(CancellationToken ct) =>
        (await db.Organizations.AsNoTracking().AnyAsync(organization => organization.SsoRequiredSince != null, ct),
        await db.Memberships.AsNoTracking().Where(member => member.BreakGlass).OrderBy(member => member.UserId).Select(member => member.UserId).ToListAsync(ct));

    /// <summary>Keeps the settings. Another issuer or client ends what the former one signed in.</summary>
    /// <param name="provider">The present one, by <see cref="FindAndLockAsync"/>; null: there is none.</param>
    /// <param name="by">The owner who asks.</param>
    public async Task<SsoChange> SaveAsync(SsoProvider? provider, SsoSettings settings, Guid by, CancellationToken ct)
    {
        var elsewhere = provider is null || provider.Issuer != settings.Issuer || provider.ClientId != settings.ClientId;
        if (settings is { Authentication: SsoAuthentication.Secret, Secret: null } && (elsewhere || provider!.Authentication != SsoAuthentication.Secret))
            return SsoChange.SecretMissing; // the one there is must not go to somebody else
        if (settings.Enforced && await FindUnfitAsync(settings.BreakGlass, by, ct) is { } unfit)
            return unfit;
        var before = provider is null ? null : await DescribeAsync(provider, ct);
        var (kept, now) = (provider ?? new SsoProvider(Organization, clock.GetUtcNow()), clock.GetUtcNow());
        var anew = settings.Secret is not null || settings.Authentication != kept.Authentication || (elsewhere && settings.Authentication == SsoAuthentication.Key);
        kept.Apply(settings, now);
        if (settings.Secret is { } secret)
            kept.AuthenticateBySecret(secrets.Protect(Organization, secret));
        else if (anew && secrets.MakeKey(Organization) is var (key, publicKey))
            kept.AuthenticateByKey(key, publicKey);
        if (provider is null)
            db.Add(kept);
        if (provider is not null && elsewhere)
            await sessions.EndLimitedAsync(Organization, "the organization has another provider", ct);
        await EnforceAsync(settings.Enforced, settings.BreakGlass, now, ct);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(new(before is null ? "sso.configured" : "sso.changed", "organization", Organization)
        {
            TargetName = settings.Issuer,
            Before = before,
            After = new { Settings = await DescribeAsync(kept, ct), NewCredential = anew },
        }, ct);
        return SsoChange.Done;
    }

    /// <summary>Nobody signs in through the provider any more: what it signed in ends, and who it knew is forgotten. Members stay.</summary>
    public async Task RemoveAsync(SsoProvider provider, CancellationToken ct)
    {
        var before = await DescribeAsync(provider, ct);
        await sessions.EndLimitedAsync(Organization, "the organization has no provider any more", ct);
        await db.SsoLinks.ExecuteDeleteAsync(ct);
        db.Remove(provider);
        await EnforceAsync(enforced: false, [], clock.GetUtcNow(), ct);
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(new("sso.removed", "organization", Organization) { TargetName = provider.Issuer, Before = before }, ct);
    }

    private async Task<SsoChange?> FindUnfitAsync(IReadOnlyList<Guid> breakGlass, Guid by, CancellationToken ct)
    {
        if (!await db.Domains.AnyAsync(domain => domain.VerifiedAt != null, ct))
            return SsoChange.NoDomain;
        var owners = await db.Memberships.Where(member => member.Role == OrganizationRole.Owner && breakGlass.Contains(member.UserId)).Select(member => member.UserId).ToListAsync(ct);
        var fit = await db.Users.CountAsync(person => owners.Contains(person.Id)
            && ((person.PasswordHash != null && person.TwoFactorEnabled) || db.UserPasskeys.Any(passkey => passkey.UserId == person.Id)), ct);
        if (fit != breakGlass.Distinct().Count())
            return SsoChange.UnfitBreakGlass;
        return breakGlass.Contains(by) ? null : SsoChange.WouldLockOut;
    }

    private async Task EnforceAsync(bool enforced, IReadOnlyList<Guid> breakGlass, DateTimeOffset now, CancellationToken ct)
    {
        (await db.Organizations.SingleAsync(ct)).RequireSso(enforced, now);
        foreach (var owner in await db.Memberships.Where(member => member.Role == OrganizationRole.Owner).ToListAsync(ct))
            owner.BreakTheGlass(breakGlass.Contains(owner.UserId));
    }

    /// <summary>For the audit log: no secret, and no hash of one.</summary>
    private async Task<object> DescribeAsync(SsoProvider provider, CancellationToken ct)
    {
        var (enforced, breakGlass) = await ReadEnforcementAsync(ct);
        return new { provider.Issuer, provider.ClientId, provider.Authentication, provider.Scopes, provider.EmailClaim, provider.MultiFactor, provider.JoinRole, enforced, breakGlass };
    }
}
