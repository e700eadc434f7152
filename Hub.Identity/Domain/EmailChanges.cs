using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Giving an account another e-mail address: it takes effect when a link sent there is opened by who is signed in, and the old address hears of it.</summary>
internal sealed partial class EmailChanges(
    IdentityDb db, EmailProofs proofs, AccountMails mails, SecurityNotices notices, SecurityStamps stamps, ILookupNormalizer normalizer, ILogger<EmailChanges> log)
{
    /// <summary>Sends the link. An address of somebody else's account is told so, and who asked learns nothing. The account's own address can be confirmed like this too.</summary>
    public async Task RequestAsync(SignedIn me, string email, CancellationToken ct)
    {
        var owner = await db.Users.AsNoTracking().SingleAsync(person => person.Id == me.UserId, ct);
        await proofs.SendAsync(EmailPurpose.AddressChange, email, owner, (holder, secret) =>
            holder is null || holder.Id == me.UserId ? mails.ConfirmAddress(email, secret) : mails.AddressOfAnother(holder.Email!), ct);
    }

    /// <summary>The link's address, when it was sent for who is signed in.</summary>
    public async Task<string?> FindAddressAsync(SignedIn me, string? secret, CancellationToken ct) =>
        await proofs.FindAsync(EmailPurpose.AddressChange, secret, ct) is { } proof && proof.UserId == me.UserId ? proof.Email : null;

    /// <summary>Uses the address from now on.</summary>
    /// <returns>The account as it is now; null when the link is not good (any more), the sign-in has ended, or somebody else has the address by now.</returns>
    public async Task<Person?> ConfirmAsync(SignedIn me, string? secret, CancellationToken ct)
    {
        if (await proofs.FindAsync(EmailPurpose.AddressChange, secret, ct) is not { } proof || proof.UserId != me.UserId)
            return null;
        try
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            if (await db.FindAndLockPersonAsync(me.UserId, ct) is not { } before || before.SecurityStamp != me.SecurityStamp || !await EmailProofs.UseAsync(db, proof, ct))
                return null;
            var (email, normalized) = (proof.Email, normalizer.NormalizeEmail(proof.Email));
            await db.Users.Where(row => row.Id == me.UserId).ExecuteUpdateAsync(set => set
                .SetProperty(row => row.Email, email).SetProperty(row => row.NormalizedEmail, normalized)
                .SetProperty(row => row.UserName, email).SetProperty(row => row.NormalizedUserName, normalized)
                .SetProperty(row => row.EmailConfirmed, true), ct);
            await stamps.RenewAsync(me.UserId, ct);
            if (normalized != before.NormalizedEmail)
                await notices.SendAsync(before, "The account has another e-mail address now; messages go there. Other browsers and applications were signed out, and access tokens are void.", ct);
            var changed = await db.Users.AsNoTracking().SingleAsync(person => person.Id == me.UserId, ct);
            await transaction.CommitAsync(ct);
            Changed(log, me.UserId);
            return changed;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return null;
        }
    }

    [LoggerMessage(1027, LogLevel.Information, "Person {Person} confirmed an e-mail address")]
    private static partial void Changed(ILogger log, Guid person);
}
