using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace CodeZero.Hub.Identity.Sso;

/// <summary>
/// Who a provider's identity is here. It is found by organization, issuer and subject alone; the first time it is tied, for good, to the account of its address, or to a new one: when the
/// address is of a verified domain of the organization, which then decides for its own people and nobody else's.
/// </summary>
internal sealed class SsoIdentities(
    IdentityDb db, Tenant tenant, Memberships memberships, UserManager<Person> users, ILookupNormalizer normalizer, SecurityNotices notices, IAuditLog audit, TimeProvider clock)
{
    private Guid Organization => tenant.OrganizationId ?? throw new InvalidOperationException("This scope works for no organization, which then has no provider.");

    /// <summary>The account, who is a member then; or why there is none, as a sentence for the person.</summary>
    public async Task<(Person? Person, string? Fault)> FindOrJoinAsync(SsoProvider provider, SsoIdentity identity, CancellationToken ct)
    {
        try
        {
            return await db.InTransactionAsync(async () =>
            {
                await memberships.LockAsync(ct);
                var link = await db.SsoLinks.SingleOrDefaultAsync(known => known.Issuer == provider.Issuer && known.Subject == identity.Subject, ct);
                return link is null ? await TieAsync(provider, identity, ct) : await UseAsync(link, ct);
            }, ct);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return (null, "Somebody made an account with your address in this very moment. Try again.");
        }
    }

    private async Task<(Person?, string?)> UseAsync(SsoLink link, CancellationToken ct)
    {
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == link.UserId, ct) is not { IsDisabled: false } person)
            return (null, Disabled);
        if (!await db.Memberships.AnyAsync(member => member.UserId == link.UserId, ct))
            return (null, NoMember);
        link.Use(clock.GetUtcNow());
        await db.SaveChangesAsync(ct);
        return (person, null);
    }

    private async Task<(Person?, string?)> TieAsync(SsoProvider provider, SsoIdentity identity, CancellationToken ct)
    {
        var (email, fault) = await FindAddressAsync(identity, ct);
        if (email is null)
            return (null, fault);
        var normalized = normalizer.NormalizeEmail(email);
        var known = await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.NormalizedEmail == normalized, ct);
        if (known is not null && await FindFaultAsync(known, provider, ct) is { } unfit)
            return (null, unfit);
        var isMember = known is not null && await db.Memberships.AnyAsync(member => member.UserId == known.Id, ct);
        if (!isMember && provider.JoinRole is null)
            return (null, NoMember);
        var person = known ?? await CreateAsync(email, identity.Name, ct);
        tenant.SignIn(person.Id); // whose doing the audit log calls it
        var first = await NoteAsync(person.Id, ct);
        if (!isMember && (!first || await memberships.AddAsync(person.Id, provider.JoinRole!.Value, "sso", ct) != MembershipOutcome.Done))
            return (null, NoMember);
        db.Add(new SsoLink(Organization, provider.Issuer, identity.Subject, person.Id, clock.GetUtcNow()));
        await db.SaveChangesAsync(ct);
        if (known is not null)
            await notices.SendAsync(known, "An organization whose domain your address is of can now sign you in to that organization through its own provider. It gives access to nothing else of your account.", ct);
        await audit.RecordAsync(new("sso.linked", "member", person.Id)
        {
            TargetName = person.Email,
            After = new { provider.Issuer, identity.Subject, NewAccount = known is null },
        }, ct);
        return (person, null);
    }

    /// <summary>The address, when the organization may speak for it. Its domain is written in the one way that verified domains are.</summary>
    private async Task<(string? Email, string? Fault)> FindAddressAsync(SsoIdentity identity, CancellationToken ct)
    {
        if (identity.Email is not { } claimed || EmailAddress.FindFault(claimed) is not null || DomainName.OfAddress(claimed) is not { } domain)
            return (null, "The provider did not say your e-mail address, or not as an address. Ask whoever runs it to send it in the claim that the organization named.");
        if (identity.EmailVerified == false)
            return (null, "The provider says that your e-mail address is not confirmed. Confirm it there first.");
        return await db.Domains.AnyAsync(own => own.Name == domain && own.VerifiedAt != null, ct)
            ? ($"{claimed[..claimed.LastIndexOf('@')]}@{domain}", null)
            : (null, "Your e-mail address is of a domain that the organization has not shown to be its own. Ask its owner to verify the domain.");
    }

    /// <summary>Why an account of that address cannot be tied to the identity; null when it can.</summary>
    private async Task<string?> FindFaultAsync(Person person, SsoProvider provider, CancellationToken ct)
    {
        if (person.IsDisabled)
            return Disabled;
        // Whoever made it may not be the address's owner, and would come into the organization with them.
        if (!person.EmailConfirmed && (person.PasswordHash is not null || await db.UserPasskeys.AnyAsync(passkey => passkey.UserId == person.Id, ct)))
            return "There is an account with your address that was never confirmed. Choose a new password for it at the sign-in, which confirms it; then try again.";
        return await db.SsoLinks.AnyAsync(link => link.Issuer == provider.Issuer && link.UserId == person.Id, ct)
            ? "The account with your address belongs to another identity at the provider. If that was yours too, ask an owner to remove you from the organization and to invite you again."
            : null;
    }

    /// <summary>An account without factors of its own, and without a confirmed address: only a message to it can confirm that.</summary>
    private async Task<Person> CreateAsync(string email, string? name, CancellationToken ct)
    {
        var person = new Person(email, clock.GetUtcNow());
        var created = await users.CreateAsync(person);
        if (!created.Succeeded)
            throw new InvalidOperationException($"No account was made: {string.Join(", ", created.Errors.Select(error => error.Code))}");
        var wanted = name?.Trim();
        if (wanted is not null && PersonName.FindFault(wanted) is null)
            await db.Users.Where(row => row.Id == person.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.Name, wanted), ct);
        return person;
    }

    /// <summary>
    /// Whether the organization's domain brings the person in for the first time. Joining by a provider is joining by its domain: never again after they left or were removed, also when
    /// they had come in otherwise.
    /// </summary>
    private async Task<bool> NoteAsync(Guid userId, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        return await db.Database.ExecuteSqlAsync($"insert into identity.domain_joins (organization_id, user_id, joined_at) values ({Organization}, {userId}, {now}) on conflict do nothing", ct) == 1;
    }

    private const string Disabled = "Your account has been disabled. Ask whoever runs this Hub.";

    private const string NoMember = "You are no member of the organization, or not any more, and it lets nobody join by signing in. Ask its owner or an admin to invite you.";
}
