using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Mail;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// The end of accounts: asked for, thought over for a week, carried out. No organization is left without an owner, and none ends that somebody still works with.
/// Each step opens scopes of its own, because it works in one organization after the other.
/// </summary>
internal sealed partial class AccountDeletions(IServiceScopeFactory scopes, Emails emails, IOptions<HubIdentityOptions> options, TimeProvider clock, ILogger<AccountDeletions> log)
{
    /// <summary>The person's request; null when there is none.</summary>
    public async Task<AccountDeletion?> FindAsync(Guid userId, CancellationToken ct)
    {
        await using var scope = Enter(userId);
        return await Db(scope).AccountDeletions.AsNoTracking().SingleOrDefaultAsync(deletion => deletion.UserId == userId, ct);
    }

    /// <summary>The organizations that nobody but the person owns.</summary>
    public async Task<IReadOnlyList<OwnedAlone>> FindOwnedAloneAsync(Guid userId, CancellationToken ct)
    {
        var owned = new List<OwnedAlone>();
        foreach (var membership in await MembershipsAsync(userId, ct))
            if (membership.Role == OrganizationRole.Owner && await FindOwnedAloneAsync(userId, membership, ct) is { } alone)
                owned.Add(alone);
        return owned;
    }

    /// <summary>Asks for the end of the account, and signs it out everywhere. What stands in the way, as a sentence for the person; null when it is asked for.</summary>
    /// <param name="chosen">Organizations that may end with it.</param>
    public async Task<string?> RequestAsync(Guid userId, IReadOnlyCollection<Guid> chosen, CancellationToken ct)
    {
        var owned = await FindOwnedAloneAsync(userId, ct);
        if (AccountDeletionRules.FindFault(owned, chosen) is { } fault)
            return fault;
        await using var scope = Enter(userId);
        var (db, now) = (Db(scope), clock.GetUtcNow());
        var deletion = new AccountDeletion(userId, now, now + AccountDeletion.Grace, [.. owned.Select(organization => organization.Id)]);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.FindAndLockPersonAsync(userId, ct) is not { } person)
            return null;
        if (!await db.AccountDeletions.AnyAsync(known => known.UserId == userId, ct))
        {
            db.Add(deletion);
            await db.SaveChangesAsync(ct);
            await emails.EnqueueAsync(db, AccountDeletionMails.Requested(person.Email!, deletion.DueAt, options.Value.Issuer), ct);
        }
        await transaction.CommitAsync(ct);
        await scope.ServiceProvider.GetRequiredService<Sessions>().EndAllAsync(userId, ct);
        Requested(log, userId, deletion.DueAt);
        return null;
    }

    /// <summary>The person keeps the account.</summary>
    public async Task WithdrawAsync(Guid userId, CancellationToken ct)
    {
        await using var scope = Enter(userId);
        if (await Db(scope).AccountDeletions.Where(deletion => deletion.UserId == userId).ExecuteDeleteAsync(ct) == 1)
            Withdrawn(log, userId);
    }

    /// <summary>Carries out what is due. What has come in the way since ends the request instead, and the person is told.</summary>
    public async Task CarryOutAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var now = clock.GetUtcNow();
        foreach (var deletion in await Db(scope).AccountDeletions.AsNoTracking().Where(deletion => deletion.DueAt <= now).OrderBy(deletion => deletion.DueAt).Take(100).ToListAsync(ct))
        {
            var owned = await FindOwnedAloneAsync(deletion.UserId, ct);
            if ((AccountDeletionRules.FindFault(owned, deletion.Organizations) ?? await LeaveAllAsync(deletion.UserId, owned, ct)) is { } fault)
                await GiveUpAsync(deletion.UserId, fault, ct);
            else
                await RemoveAsync(deletion.UserId, ct);
        }
    }

    /// <summary>
    /// Leaves all organizations, and ends those that go with the account. What stands in the way; null when the person is a member nowhere any more.
    /// Whether each lets the person go is tried first, so that none has ended for an account that is kept.
    /// </summary>
    private async Task<string?> LeaveAllAsync(Guid userId, IReadOnlyList<OwnedAlone> ending, CancellationToken ct)
    {
        var memberships = await MembershipsAsync(userId, ct);
        var (ended, left) = (memberships.Where(Ends).ToList(), memberships.Where(membership => !Ends(membership)).ToList());
        foreach (var forGood in new[] { false, true })
            foreach (var membership in left)
                if (await LeaveAsync(userId, membership, forGood, ct) is { } fault)
                    return fault;
        foreach (var membership in ended)
            await EndAsync(userId, membership, ct);
        return null;

        bool Ends(MembershipView membership) => ending.Any(organization => organization.Id == membership.OrganizationId);
    }

    private async Task<string?> LeaveAsync(Guid userId, MembershipView membership, bool forGood, CancellationToken ct)
    {
        await using var scope = Enter(userId, membership.OrganizationId);
        await using var transaction = await Db(scope).Database.BeginTransactionAsync(ct);
        switch (await scope.ServiceProvider.GetRequiredService<Memberships>().LeaveAsync(userId, ct))
        {
            case MembershipOutcome.LastOwner:
                return $"{membership.Name} has no owner but you. Make another member its owner, or choose that it ends with your account.";
            case MembershipOutcome.LastBreakGlass:
                return $"You are the last owner of {membership.Name} who gets in without its provider. Name another one there first.";
        }
        if (forGood)
            await transaction.CommitAsync(ct);
        return null;
    }

    private async Task EndAsync(Guid userId, MembershipView membership, CancellationToken ct)
    {
        await using var scope = Enter(userId, membership.OrganizationId);
        await using var transaction = await Db(scope).Database.BeginTransactionAsync(ct);
        await scope.ServiceProvider.GetRequiredService<OrganizationSettings>().EndAsync(membership.OrganizationId, membership.Slug, ct);
        await transaction.CommitAsync(ct);
    }

    private async Task RemoveAsync(Guid userId, CancellationToken ct)
    {
        await using var scope = Enter(userId);
        var db = Db(scope);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.FindAndLockPersonAsync(userId, ct) is not { } person)
            return;
        await emails.EnqueueAsync(db, AccountDeletionMails.Done(person.Email!), ct);
        await db.Users.Where(row => row.Id == userId).ExecuteDeleteAsync(ct); // everything of the person goes with the row
        await transaction.CommitAsync(ct);
        Removed(log, userId);
    }

    private async Task GiveUpAsync(Guid userId, string why, CancellationToken ct)
    {
        await using var scope = Enter(userId);
        var db = Db(scope);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.FindAndLockPersonAsync(userId, ct) is not { } person)
            return;
        await db.AccountDeletions.Where(deletion => deletion.UserId == userId).ExecuteDeleteAsync(ct);
        await emails.EnqueueAsync(db, AccountDeletionMails.NotDone(person.Email!, why, options.Value.Issuer), ct);
        await transaction.CommitAsync(ct);
        GivenUp(log, userId);
    }

    private async Task<OwnedAlone?> FindOwnedAloneAsync(Guid userId, MembershipView membership, CancellationToken ct)
    {
        await using var scope = Enter(userId, membership.OrganizationId);
        var db = Db(scope);
        var others = await db.InTransactionAsync(() => db.Memberships.AsNoTracking().Where(member => member.UserId != userId).Select(member => member.Role).ToListAsync(ct), ct);
        return others.Contains(OrganizationRole.Owner)
            ? null
            : new(membership.OrganizationId, membership.Slug, membership.Name, others.Count, await scope.ServiceProvider.GetRequiredService<OrganizationSettings>().FindHoldsAsync(membership.OrganizationId, ct));
    }

    private async Task<List<MembershipView>> MembershipsAsync(Guid userId, CancellationToken ct)
    {
        await using var scope = Enter(userId);
        var (db, organizations) = (Db(scope), scope.ServiceProvider.GetRequiredService<Organizations>());
        return await db.InTransactionAsync(() => organizations.OfPerson(userId).OrderBy(membership => membership.Name).ToListAsync(ct), ct);
    }

    private AsyncServiceScope Enter(Guid userId, Guid? organizationId = null)
    {
        var scope = scopes.CreateAsyncScope();
        var tenant = scope.ServiceProvider.GetRequiredService<Tenant>();
        tenant.SignIn(userId);
        if (organizationId is { } id)
            tenant.Enter(id);
        return scope;
    }

    private static IdentityDb Db(AsyncServiceScope scope) => scope.ServiceProvider.GetRequiredService<IdentityDb>();

    [LoggerMessage(1044, LogLevel.Information, "Person {Person} asked for the end of the account, which is due at {Due}")]
    private static partial void Requested(ILogger log, Guid person, DateTimeOffset due);

    [LoggerMessage(1045, LogLevel.Information, "Person {Person} keeps the account")]
    private static partial void Withdrawn(ILogger log, Guid person);

    [LoggerMessage(1042, LogLevel.Information, "The account of person {Person} was removed")]
    private static partial void Removed(ILogger log, Guid person);

    [LoggerMessage(1043, LogLevel.Warning, "The account of person {Person} was due to be removed and is kept: an organization would have no owner")]
    private static partial void GivenUp(ILogger log, Guid person);
}
