using System.Buffers.Text;
using System.Text.Json;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// Prompts for passkeys and what comes of their answers (WebAuthn Level 3 §7). A passkey verifies its person (PIN, finger, face) at every use, so it is two factors in one.
/// </summary>
internal sealed partial class Passkeys(IdentityDb db, UserManager<Person> users, IPasskeyHandler<Person> handler, SecurityNotices notices, TimeProvider clock, ILogger<Passkeys> log)
{
    public const int MaxPerPerson = 20;
    public const int MaxNameLength = 60;

    private const int MaxCredentialLength = 32 * 1024;

    /// <summary>How long a prompt waits: a sign-in page may have been open for a while.</summary>
    private static readonly TimeSpan PromptLifetime = TimeSpan.FromMinutes(15);

    /// <summary>Asks for a passkey: of this person, or of anybody, who is then known by it.</summary>
    public async Task<PasskeyPrompt> PromptAsync(HttpContext http, Guid? userId, CancellationToken ct)
    {
        var person = userId is { } id ? await db.Users.AsNoTracking().SingleAsync(p => p.Id == id, ct) : null;
        var prompt = await handler.MakeRequestOptionsAsync(person, http);
        return await KeepAsync(PasskeyPurpose.Use, userId, prompt.RequestOptionsJson, prompt.AssertionState!, ct);
    }

    /// <summary>Asks for a new passkey: for this person, or for an account that is about to be made and whose name the page fills in.</summary>
    public async Task<PasskeyPrompt> PromptForNewAsync(HttpContext http, Guid? userId, CancellationToken ct)
    {
        var person = userId is { } id ? await db.Users.AsNoTracking().SingleAsync(p => p.Id == id, ct) : null;
        var prompt = await handler.MakeCreationOptionsAsync(
            new() { Id = person?.PasskeyHandle ?? Secrets.New(), Name = person?.Email ?? "", DisplayName = person?.Email ?? "" }, http);
        return await KeepAsync(PasskeyPurpose.Create, userId, prompt.CreationOptionsJson, prompt.AttestationState!, ct);
    }

    /// <summary>
    /// The person whose passkey has answered; null when the answer is not right, came too late or a second time. Answers of one person wait for each other, so that
    /// a copied authenticator cannot show the same counter twice at once.
    /// </summary>
    /// <param name="userId">Who was asked; null when anybody was.</param>
    public async Task<PasskeyProof?> VerifyAsync(HttpContext http, PasskeyAnswer answer, Guid? userId, CancellationToken ct)
    {
        if (await TakeAsync(answer, PasskeyPurpose.Use, userId, ct) is not { } ceremony || FindCredentialId(answer.Credential!) is not { } credential)
            return null;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var person = await db.Users.FromSql($"select * from identity.users where id = (select user_id from identity.user_passkeys where credential_id = {credential}) for no key update")
            .SingleOrDefaultAsync(ct);
        if (person is null || person.IsDisabled)
            return null;
        var result = await handler.PerformAssertionAsync(new() { HttpContext = http, CredentialJson = answer.Credential!, AssertionState = ceremony.State });
        if (!result.Succeeded || result.User.Id != person.Id || !(await users.AddOrUpdatePasskeyAsync(person, result.Passkey)).Succeeded)
        {
            db.ChangeTracker.Clear();
            Refused(log, person.Id, Plain(result.Failure?.Message));
            return null;
        }
        var now = clock.GetUtcNow();
        await db.UserPasskeys.Where(passkey => passkey.CredentialId == credential)
            .ExecuteUpdateAsync(set => set.SetProperty(passkey => EF.Property<DateTimeOffset?>(passkey, PasskeysModel.LastUsedAt), now), ct);
        await transaction.CommitAsync(ct);
        return new(person, result.Passkey.IsBackupEligible);
    }

    /// <summary>The new passkey that a browser made, and the handle it knows its person by; null when the answer is not right, came too late or a second time.</summary>
    /// <param name="userId">Who was asked; null for an account about to be made.</param>
    public async Task<(UserPasskeyInfo Passkey, string Handle)?> AttestAsync(HttpContext http, PasskeyAnswer answer, Guid? userId, CancellationToken ct)
    {
        if (await TakeAsync(answer, PasskeyPurpose.Create, userId, ct) is not { } ceremony)
            return null;
        var result = await handler.PerformAttestationAsync(new() { HttpContext = http, CredentialJson = answer.Credential!, AttestationState = ceremony.State });
        if (result.Succeeded)
            return (result.Passkey, result.UserEntity.Id);
        NotMade(log, Plain(result.Failure.Message));
        return null;
    }

    /// <summary>Gives the person the passkey their browser made, and tells them by mail. What is wrong, as a sentence for them; null when nothing is.</summary>
    public async Task<string?> AddAsync(HttpContext http, PasskeyAnswer answer, SignedIn me, string name, CancellationToken ct)
    {
        var userId = me.UserId;
        if (await AttestAsync(http, answer, userId, ct) is not var (passkey, handle))
            return "The passkey was not added: the page was open for too long, or the browser's answer was not right. Try again.";
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.FindAndLockPersonAsync(userId, ct) is not { } person || person.SecurityStamp != me.SecurityStamp || person.PasskeyHandle != handle)
            return "Your account was changed at the same moment. Try again.";
        if (await db.UserPasskeys.CountAsync(p => p.UserId == userId, ct) >= MaxPerPerson)
            return $"An account has at most {MaxPerPerson} passkeys. Remove one that you do not use.";
        passkey.Name = name;
        try
        {
            if (!(await users.AddOrUpdatePasskeyAsync(person, passkey)).Succeeded)
                return "Your account was changed at the same moment. Try again.";
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            db.ChangeTracker.Clear();
            return "This passkey is in use already.";
        }
        await notices.SendAsync(person, $"A passkey was added, with the name “{name}”. Whoever has it signs in with it alone.", ct);
        await transaction.CommitAsync(ct);
        Added(log, userId);
        return null;
    }

    /// <summary>The person's passkeys, the oldest first.</summary>
    public async Task<IReadOnlyList<PasskeyView>> ListAsync(Guid userId, CancellationToken ct) => await db.UserPasskeys.AsNoTracking()
        .Where(passkey => passkey.UserId == userId).OrderBy(passkey => passkey.Data.CreatedAt)
        .Select(passkey => new PasskeyView(passkey.CredentialId, passkey.Data.Name ?? "", passkey.Data.CreatedAt, EF.Property<DateTimeOffset?>(passkey, PasskeysModel.LastUsedAt), passkey.Data.IsBackupEligible))
        .ToListAsync(ct);

    /// <summary>Names a passkey anew. False when the person has none of that identifier.</summary>
    public async Task<bool> RenameAsync(SignedIn me, string credential, string name, CancellationToken ct)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.FindAndLockPersonAsync(me.UserId, ct) is not { } person || person.SecurityStamp != me.SecurityStamp || DecodeId(credential) is not { } id
            || await users.GetPasskeyAsync(person, id) is not { } passkey)
            return false;
        passkey.Name = name;
        await users.AddOrUpdatePasskeyAsync(person, passkey);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>
    /// Takes a passkey away; the account's other sessions and all it connected end with it, and the person is told by mail.
    /// </summary>
    /// <returns>The account's new stamp; or what is wrong, as a sentence for the person.</returns>
    public async Task<(string? Stamp, string? Fault)> RemoveAsync(SignedIn me, string credential, CancellationToken ct)
    {
        var userId = me.UserId;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await db.FindAndLockPersonAsync(userId, ct) is not { } person || person.SecurityStamp != me.SecurityStamp)
            return (null, "Your account was changed at the same moment. Try again.");
        if (DecodeId(credential) is not { } id || await users.GetPasskeyAsync(person, id) is null)
            return (null, "This passkey is gone already.");
        if (person.PasswordHash is null && await db.UserPasskeys.CountAsync(passkey => passkey.UserId == userId, ct) == 1)
            return (null, "This is the only way to sign in to your account. Add another passkey or set a password first.");
        await users.RemovePasskeyAsync(person, id);
        await users.UpdateSecurityStampAsync(person);
        await notices.SendAsync(person, "A passkey was removed. Other browsers and applications were signed out, and access tokens are void.", ct);
        await transaction.CommitAsync(ct);
        Removed(log, userId);
        return (person.SecurityStamp, null);
    }

    /// <summary>A name as it is kept: one line, not too long; null when nothing is left.</summary>
    public static string? TidyName(string? name)
    {
        var tidy = string.Concat((name ?? "").Where(character => !char.IsControl(character))).Trim();
        return tidy.Length == 0 ? null : tidy.Length <= MaxNameLength ? tidy : tidy[..MaxNameLength].Trim();
    }

    private async Task<PasskeyPrompt> KeepAsync(PasskeyPurpose purpose, Guid? userId, string options, string state, CancellationToken ct)
    {
        var handle = Secrets.New();
        db.Add(new PasskeyCeremony(Secrets.Hash(handle), purpose, userId, state, clock.GetUtcNow() + PromptLifetime));
        await db.SaveChangesAsync(ct);
        return new(handle, options);
    }

    /// <summary>Takes the prompt of an answer out: whoever comes second finds nothing.</summary>
    private async Task<PasskeyCeremony?> TakeAsync(PasskeyAnswer answer, PasskeyPurpose purpose, Guid? userId, CancellationToken ct)
    {
        if (answer is not { Ceremony.Length: Secrets.Length, Credential.Length: > 0 and <= MaxCredentialLength })
            return null;
        var hash = Secrets.Hash(answer.Ceremony);
        var taken = await db.PasskeyCeremonies.FromSql($"delete from identity.passkey_ceremonies where hash = {hash} returning *").AsNoTracking().ToListAsync(ct);
        return taken.SingleOrDefault(ceremony => ceremony.ExpiresAt > clock.GetUtcNow() && ceremony.Purpose == purpose && ceremony.UserId == userId);
    }

    private static byte[]? FindCredentialId(string credential)
    {
        try
        {
            using var json = JsonDocument.Parse(credential);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String ? DecodeId(id.GetString()!) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[]? DecodeId(string id) => Base64Url.IsValid(id) ? Base64Url.DecodeFromChars(id) : null;

    /// <summary>A reason may quote what the browser sent.</summary>
    private static string Plain(string? reason) => string.Concat((reason ?? "").Where(character => !char.IsControl(character)).Take(200));

    [LoggerMessage(1030, LogLevel.Information, "Person {Person} added a passkey")]
    private static partial void Added(ILogger log, Guid person);

    [LoggerMessage(1031, LogLevel.Information, "Person {Person} removed a passkey")]
    private static partial void Removed(ILogger log, Guid person);

    [LoggerMessage(1032, LogLevel.Warning, "Refused an answer by a passkey of person {Person}: {Reason}")]
    private static partial void Refused(ILogger log, Guid person, string reason);

    [LoggerMessage(1033, LogLevel.Information, "Refused a new passkey: {Reason}")]
    private static partial void NotMade(ILogger log, string reason);
}
