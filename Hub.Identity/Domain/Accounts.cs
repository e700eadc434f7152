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
    public sealed record Created(Guid UserId, Membership Organization) : SignUpResult;

    /// <summary>A field is not acceptable: which, and a sentence for the person.</summary>
    public sealed record Refused(string Field, string Reason) : SignUpResult;

    /// <summary>The e-mail address has an account. Said in no more words than needed.</summary>
    public sealed record Unavailable : SignUpResult;
}

/// <summary>Making accounts and organizations, and checking passwords.</summary>
internal sealed partial class Accounts(IServiceScopeFactory scopes, TimeProvider clock, ILogger<Accounts> log)
{
    /// <summary>A hash that no password has, made like all others: checking against it costs as much as checking against a real one.</summary>
    private string? _dummyHash;

    /// <summary>Creates a person with a first organization, which they own: all, or nothing.</summary>
    /// <param name="organization">Its name; null names it after the e-mail address.</param>
    public async Task<SignUpResult> SignUpAsync(string email, string password, string? organization, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var name = string.IsNullOrWhiteSpace(organization) ? email.Split('@')[0] : organization.Trim();
        if (EmailAddress.FindFault(email) is { } fault)
            return new SignUpResult.Refused("email", fault);
        if (OrganizationName.FindFault(name) is { } nameFault)
            return new SignUpResult.Refused("organization", nameFault);

        var (person, organizationId) = (new Person(email, now), Guid.CreateVersion7(now));
        await using var scope = EnterNew(organizationId, person.Id);
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        try
        {
            var result = await scope.ServiceProvider.GetRequiredService<UserManager<Person>>().CreateAsync(person, password);
            if (result.Errors.FirstOrDefault(error => error.Code == "password") is { } weak)
                return new SignUpResult.Refused("password", weak.Description);
            if (!result.Succeeded)
                return new SignUpResult.Unavailable();
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return new SignUpResult.Unavailable(); // somebody else signed up with it in the same moment
        }
        var membership = await AddOrganizationAsync(scope.ServiceProvider, organizationId, person.Id, name, slug: null, now, ct);
        await transaction.CommitAsync(ct);
        SignedUp(log, person.Id, organizationId);
        return new SignUpResult.Created(person.Id, membership!);
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
    /// Tries on one account wait for each other, so that many at once count as many.
    /// </summary>
    public async Task<Person?> CheckPasswordAsync(string email, string password, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<Person>>();
        var db = scope.ServiceProvider.GetRequiredService<IdentityDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var normalized = users.NormalizeEmail(email.Trim());
        var person = EmailAddress.FindFault(email.Trim()) is null
            ? await db.Users.FromSql($"select * from identity.users where normalized_email = {normalized} for no key update").SingleOrDefaultAsync(ct)
            : null;
        if (person is null || person.IsLocked(clock.GetUtcNow()))
        {
            users.PasswordHasher.VerifyHashedPassword(person!, _dummyHash ??= users.PasswordHasher.HashPassword(person!, Protocol.Secrets.New()), password);
            return null;
        }
        var right = await users.CheckPasswordAsync(person, password);
        if (!right)
            await users.AccessFailedAsync(person);
        else if (person.AccessFailedCount > 0)
            await users.ResetAccessFailedCountAsync(person);
        await transaction.CommitAsync(ct);
        if (!right)
            WrongPassword(log, person.Id);
        return right ? person : null;
    }

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
