using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What came of a sign-up.</summary>
internal abstract record SignUpResult
{
    public sealed record Created(Person Person, Membership Organization) : SignUpResult;

    /// <summary>A field is not acceptable: which, and a sentence for the person.</summary>
    public sealed record Refused(string Field, string Reason) : SignUpResult;

    /// <summary>The link was used or is too old, or its address has an account by now.</summary>
    public sealed record Gone : SignUpResult;
}

/// <summary>Making accounts and organizations, and checking passwords.</summary>
internal sealed partial class Accounts(IServiceScopeFactory scopes, PasswordRules rules, TimeProvider clock, ILogger<Accounts> log)
{
    /// <summary>A hash that no password has, made like all others: checking against it costs as much as checking against a real one.</summary>
    private string? _dummyHash;

    /// <summary>Creates the person of a link with a first organization, which they own: all, or nothing.</summary>
    /// <param name="organization">Its name; null names it after the e-mail address.</param>
    public async Task<SignUpResult> SignUpAsync(EmailProof proof, string password, string? organization, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var name = string.IsNullOrWhiteSpace(organization) ? proof.Email.Split('@')[0] : organization.Trim();
        if (OrganizationName.FindFault(name) is { } nameFault)
            return new SignUpResult.Refused("organization", nameFault);
        if (rules.FindFault(password, [proof.Email, organization ?? ""]) is { } weak)
            return new SignUpResult.Refused("password", weak);

        var (person, organizationId) = (new Person(proof.Email, now) { EmailConfirmed = true }, Guid.CreateVersion7(now));
        await using var scope = EnterNew(organizationId, person.Id);
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        person.PasswordHash = scope.ServiceProvider.GetRequiredService<IPasswordHasher<Person>>().HashPassword(person, password);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        try
        {
            if (!await EmailProofs.UseAsync(db, proof, ct) || !(await scope.ServiceProvider.GetRequiredService<UserManager<Person>>().CreateAsync(person)).Succeeded)
                return new SignUpResult.Gone();
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return new SignUpResult.Gone(); // by another link to the same address, in the same moment
        }
        var membership = await AddOrganizationAsync(scope.ServiceProvider, organizationId, person.Id, name, slug: null, now, ct);
        await transaction.CommitAsync(ct);
        SignedUp(log, person.Id, organizationId);
        return new SignUpResult.Created(person, membership!);
    }

    /// <summary>Creates a further organization, which the person owns. Null when the slug is taken.</summary>
    /// <param name="request">The services of a request that works for no organization yet, and from now on for the new one. It is created in a transaction that the request's unit of work ends.</param>
    /// <param name="slug">Null derives one from the name, with a number behind it when taken.</param>
    public async Task<(Membership Membership, DateTimeOffset CreatedAt)?> CreateOrganizationAsync(IServiceProvider request, Guid userId, string name, string? slug, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var organizationId = Guid.CreateVersion7(now);
        request.GetRequiredService<Tenant>().Enter(organizationId);
        await request.GetRequiredService<IdentityDb>().Database.BeginTransactionAsync(ct);
        if (await AddOrganizationAsync(request, organizationId, userId, name, slug, now, ct) is not { } membership)
            return null;
        OrganizationCreated(log, userId, organizationId);
        return (membership, now);
    }

    /// <summary>
    /// The account, when address and password are right and it is not locked; else null, after the same work and for one reason as for another.
    /// With a second factor the person has not signed in yet, and wrong tries before are not forgotten: see <see cref="SecondFactors.CheckAsync"/>.
    /// </summary>
    public async Task<Person?> CheckPasswordAsync(string email, string password, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var (db, attempts) = (scope.ServiceProvider.GetRequiredService<IdentityDb>(), scope.ServiceProvider.GetRequiredService<Attempts>());
        var hasher = scope.ServiceProvider.GetRequiredService<IPasswordHasher<Person>>();
        var address = email.Trim();
        var normalized = EmailAddress.FindFault(address) is null ? scope.ServiceProvider.GetRequiredService<ILookupNormalizer>().NormalizeEmail(address) : null;

        // Hashing is slow on purpose. Meanwhile neither a connection nor the account's row is held: whoever sends many passwords would keep both from everybody else.
        var seen = normalized is null ? null : await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.NormalizedEmail == normalized, ct);
        var hash = seen?.IsLocked(clock.GetUtcNow()) == false ? seen.PasswordHash : null;
        var verified = hasher.VerifyHashedPassword(seen!, hash ?? (_dummyHash ??= hasher.HashPassword(null!, Protocol.Secrets.New())), password);
        var better = hash is not null && verified == PasswordVerificationResult.SuccessRehashNeeded ? hasher.HashPassword(seen!, password) : null;

        // What counts is the account as it is now, under its lock: of many tries at once, those after the one that locks it find it locked, the right one too.
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var person = normalized is null ? null : await attempts.HoldAsync(normalized, ct);
        var open = hash is not null && person?.SecurityStamp == seen!.SecurityStamp && !person!.IsLocked(clock.GetUtcNow()) ? person : null;
        var right = open is not null && verified != PasswordVerificationResult.Failed;
        if (!right)
            await attempts.FailAsync(open, ct);
        else if (!open!.TwoFactorEnabled)
            await attempts.SucceedAsync(open, ct);
        if (right && better is not null)
            await RehashAsync(db, open!.Id, better, ct);
        await transaction.CommitAsync(ct);
        if (!right && open is not null)
            WrongPassword(log, open.Id);
        return right ? open : null;
    }

    /// <summary>The hash was made when hashes were cheaper.</summary>
    private static Task<int> RehashAsync(IdentityDb db, Guid userId, string hash, CancellationToken ct) =>
        db.Users.Where(row => row.Id == userId).ExecuteUpdateAsync(set => set.SetProperty(row => row.PasswordHash, hash), ct);

    /// <summary>A scope that works for an organization about to be: the request's own may already work for another.</summary>
    private AsyncServiceScope EnterNew(Guid organizationId, Guid userId)
    {
        var scope = scopes.CreateAsyncScope();
        var tenant = scope.ServiceProvider.GetRequiredService<Tenant>();
        tenant.Enter(organizationId);
        tenant.SignIn(userId);
        return scope;
    }

    private static async Task<Membership?> AddOrganizationAsync(IServiceProvider services, Guid id, Guid ownerId, string name, string? slug, DateTimeOffset now, CancellationToken ct)
    {
        const int sequentialAttempts = 20;
        var db = services.GetRequiredService<IdentityDb>();
        var wanted = slug ?? Slug.Derive(name);
        for (var attempt = 1; ; attempt++)
        {
            // Past a few numbers the name is a popular one; the clock's microseconds are then free at once.
            var candidate = Slug.WithSuffix(wanted, attempt <= sequentialAttempts ? attempt : (int)(now.Ticks / 10 % 1_000_000_000) + attempt);
            if (await db.Database.ExecuteSqlAsync($"insert into identity.directory (id, slug) values ({id}, {candidate}) on conflict (slug) do nothing", ct) == 1)
            {
                db.Add(new Organization(id, name, now));
                db.Add(new Member(id, ownerId, OrganizationRole.Owner, now));
                await db.SaveChangesAsync(ct);
                await services.GetRequiredService<IAuditLog>().RecordAsync(new("organization.created", "organization", id) { TargetName = candidate, After = new { name, slug = candidate, ownerId } }, ct);
                return new(id, candidate, name, OrganizationRole.Owner);
            }
            if (slug is not null)
                return null;
        }
    }

    [LoggerMessage(1020, LogLevel.Information, "Person {Person} signed up with organization {Organization}")]
    private static partial void SignedUp(ILogger log, Guid person, Guid organization);

    [LoggerMessage(1021, LogLevel.Information, "Person {Person} created organization {Organization}")]
    private static partial void OrganizationCreated(ILogger log, Guid person, Guid organization);

    [LoggerMessage(1022, LogLevel.Information, "Wrong password for person {Person}")]
    private static partial void WrongPassword(ILogger log, Guid person);
}
