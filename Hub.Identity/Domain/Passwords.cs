using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>What came of a change of the password.</summary>
internal abstract record PasswordChange
{
    /// <param name="Stamp">The account's new one.</param>
    public sealed record Changed(string Stamp) : PasswordChange;

    /// <summary>The new one is not acceptable: a sentence for the person.</summary>
    public sealed record Refused(string Reason) : PasswordChange;

    /// <summary>The link was used or is too old, the sign-in has ended, or the account has changed since.</summary>
    public sealed record Gone : PasswordChange;
}

/// <summary>Changing passwords: by who is signed in, and by who has a link from their mail.</summary>
internal sealed partial class Passwords(
    IdentityDb db, EmailProofs proofs, AccountMails mails, Attempts attempts, SecurityNotices notices, SecurityStamps stamps, PasswordRules rules, IPasswordHasher<Person> hasher,
    Organizations organizations, Tenant tenant, ILogger<Passwords> log)
{
    /// <summary>Sends a link to the address, if it has an account; else word that it has none.</summary>
    public Task RequestResetAsync(string email, CancellationToken ct) => proofs.SendAsync(EmailPurpose.PasswordReset, email, owner: null,
        (holder, secret) => holder is null ? mails.ResetOfNobody(email) : mails.ResetPassword(holder.Email!, secret), ct);

    /// <summary>Sets the password of the link's account. Its address is confirmed by that; a lock for wrong passwords ends, but one that guards a second factor.</summary>
    public async Task<PasswordChange> ResetAsync(string? secret, string password, CancellationToken ct)
    {
        if (await proofs.FindAsync(EmailPurpose.PasswordReset, secret, ct) is not { UserId: { } userId } proof)
            return new PasswordChange.Gone();
        return await ChangeAsync(userId, password, async person =>
        {
            if (person.SecurityStamp != proof.SecurityStamp || !await EmailProofs.UseAsync(db, proof, ct))
                return false;
            await db.Users.Where(row => row.Id == userId).ExecuteUpdateAsync(set => set.SetProperty(row => row.EmailConfirmed, true), ct);
            if (!person.TwoFactorEnabled && !person.IsDisabled)
                await db.Users.Where(row => row.Id == userId).ExecuteUpdateAsync(set => set.SetProperty(row => row.LockoutEnd, (DateTimeOffset?)null).SetProperty(row => row.AccessFailedCount, 0), ct);
            return true;
        }, ct);
    }

    /// <summary>Sets the password of who is signed in, if they still are once it is their turn.</summary>
    public Task<PasswordChange> SetAsync(SignedIn me, string password, CancellationToken ct) => ChangeAsync(me.UserId, password, person => Task.FromResult(person.SecurityStamp == me.SecurityStamp), ct);

    private async Task<PasswordChange> ChangeAsync(Guid userId, string password, Func<Person, Task<bool>> first, CancellationToken ct)
    {
        tenant.SignIn(userId);
        var hash = hasher.HashPassword(null!, password); // slow on purpose: before a connection and the account's row are held
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await attempts.HoldAsync(userId, ct) is not { } person)
            return new PasswordChange.Gone();
        var names = await organizations.OfPerson(userId).Select(membership => membership.Name).ToListAsync(ct);
        if (rules.FindFault(password, [person.Email!, person.Name ?? "", .. names]) is { } fault)
            return new PasswordChange.Refused(fault);
        if (!await first(person))
            return new PasswordChange.Gone();
        await db.Users.Where(row => row.Id == userId).ExecuteUpdateAsync(set => set.SetProperty(row => row.PasswordHash, hash), ct);
        var stamp = await stamps.RenewAsync(userId, ct);
        await notices.SendAsync(person, "The password was changed. Other browsers and applications were signed out, and access tokens are void.", ct);
        await transaction.CommitAsync(ct);
        Changed(log, userId);
        return new PasswordChange.Changed(stamp);
    }

    [LoggerMessage(1026, LogLevel.Information, "Person {Person} changed their password")]
    private static partial void Changed(ILogger log, Guid person);
}
