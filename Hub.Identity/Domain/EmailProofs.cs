using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Mail;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// Sends links by mail and takes them back. Whoever names an address learns nothing of it: one message goes there and the same work is done, whether it has an
/// account or not; what differs is what its owner reads.
/// </summary>
internal sealed class EmailProofs(IdentityDb db, ILookupNormalizer normalizer, Emails emails, TimeProvider clock)
{
    /// <summary>How many messages of a kind one address gets within <see cref="Window"/>; past them nothing is sent, and nothing else is said.</summary>
    private const int MostWithinWindow = 5;

    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    /// <summary>Sends the message.</summary>
    /// <param name="owner">The account that the link is for; null: the one that has the address, if any.</param>
    /// <param name="write">Writes the message, for the account that has the address (null: none has) and with the link's secret.</param>
    public Task SendAsync(EmailPurpose purpose, string email, Person? owner, Func<Person?, string, EmailMessage> write, CancellationToken ct) => db.InTransactionAsync(async () =>
    {
        var (normalized, now, since) = (normalizer.NormalizeEmail(email), clock.GetUtcNow(), clock.GetUtcNow() - Window);
        await db.LockAsync($"mail:{normalized}", ct);
        if (await db.EmailProofs.CountAsync(sent => sent.NormalizedEmail == normalized && sent.Purpose == purpose && sent.CreatedAt > since, ct) >= MostWithinWindow)
            return false;
        var holder = await db.Users.AsNoTracking().SingleOrDefaultAsync(person => person.NormalizedEmail == normalized, ct);
        var (secret, subject) = (Secrets.New(), owner ?? holder);
        db.Add(new EmailProof(Secrets.Hash(secret), purpose, email, normalized, subject?.Id, subject?.SecurityStamp, now, now + LifetimeOf(purpose)));
        await db.SaveChangesAsync(ct);
        await emails.EnqueueAsync(db, write(holder, secret), ct);
        return true;
    }, ct);

    /// <summary>The link's proof; null when it was used, is too old, or the account has changed since.</summary>
    public async Task<EmailProof?> FindAsync(EmailPurpose purpose, string? secret, CancellationToken ct)
    {
        if (secret is not { Length: Secrets.Length })
            return null;
        var (hash, now) = (Secrets.Hash(secret), clock.GetUtcNow());
        return await db.EmailProofs.AsNoTracking().SingleOrDefaultAsync(proof => proof.Hash == hash && proof.Purpose == purpose && proof.ExpiresAt > now
            && (proof.UserId == null || db.Users.Any(person => person.Id == proof.UserId && person.SecurityStamp == proof.SecurityStamp)), ct);
    }

    /// <summary>Uses the link up, in the transaction of what it allows. False when somebody was faster.</summary>
    public static async Task<bool> UseAsync(IdentityDb db, EmailProof proof, CancellationToken ct) =>
        await db.EmailProofs.Where(row => row.Hash == proof.Hash).ExecuteDeleteAsync(ct) == 1;

    /// <summary>How long a link is good. One that only makes an account may wait for its reader; one that opens an account may not.</summary>
    public static TimeSpan LifetimeOf(EmailPurpose purpose) => purpose == EmailPurpose.SignUp ? TimeSpan.FromHours(24) : TimeSpan.FromHours(1);
}
