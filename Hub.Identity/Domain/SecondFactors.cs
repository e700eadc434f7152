using System.Security.Cryptography;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>An authenticator about to be added: its secret, and the ticket by which the browser names it. Nothing is kept until a code has proved that it works.</summary>
internal sealed record Enrolment(byte[] Secret, string Ticket);

/// <summary>An authenticator that was added.</summary>
/// <param name="RecoveryCodes">To be shown once.</param>
/// <param name="Stamp">The account's new one.</param>
internal sealed record AuthenticatorAdded(IReadOnlyList<string> RecoveryCodes, string Stamp);

/// <summary>What a person has beside the password.</summary>
internal sealed record SecondFactorState(bool HasAuthenticator, int RecoveryCodesLeft);

/// <summary>Authenticator applications and recovery codes: adding, checking, removing.</summary>
internal sealed partial class SecondFactors(
    IdentityDb db, Attempts attempts, SecurityNotices notices, SecurityStamps stamps, IDataProtectionProvider protection, TimeProvider clock, ILogger<SecondFactors> log)
{
    private readonly IDataProtector _tickets = protection.CreateProtector("CodeZero.Hub.Identity.Enrolment");
    private readonly IDataProtector _secrets = protection.CreateProtector("CodeZero.Hub.Identity.Authenticator");

    public async Task<SecondFactorState> ReadAsync(Guid userId, CancellationToken ct) => new(
        await db.Authenticators.AnyAsync(row => row.UserId == userId, ct),
        await db.RecoveryCodes.CountAsync(row => row.UserId == userId && row.UsedAt == null, ct));

    /// <summary>A new secret, for this session of this person alone.</summary>
    public Enrolment Begin(SignedIn me)
    {
        var secret = RandomNumberGenerator.GetBytes(Totp.SecretBytes);
        return new(secret, Convert.ToBase64String(_tickets.Protect([.. me.SessionId.ToByteArray(), .. secret])));
    }

    /// <summary>The enrolment of a ticket; null when it is not this session's.</summary>
    public Enrolment? Resume(SignedIn me, string? ticket)
    {
        try
        {
            var bytes = _tickets.Unprotect(Convert.FromBase64String(ticket ?? ""));
            return new Guid(bytes.AsSpan(..16)) == me.SessionId ? new(bytes[16..], ticket!) : null;
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>Adds the authenticator, in the place of one there may be, when the code is its own.</summary>
    /// <returns>Null when the code is wrong, or the sign-in has ended.</returns>
    public Task<AuthenticatorAdded?> AddAsync(SignedIn me, Enrolment enrolment, string code, CancellationToken ct) => db.InTransactionAsync<IdentityDb, AuthenticatorAdded?>(async () =>
    {
        var now = clock.GetUtcNow();
        if (Totp.FindStep(enrolment.Secret, Typed(code), now, lastStep: 0) is not { } step || await HoldAsync(me, ct) is not { } person)
            return null;
        await db.Authenticators.Where(row => row.UserId == me.UserId).ExecuteDeleteAsync(ct);
        db.Add(new Authenticator(me.UserId, _secrets.Protect(enrolment.Secret), step, now));
        await db.SaveChangesAsync(ct);
        await db.Users.Where(row => row.Id == me.UserId).ExecuteUpdateAsync(set => set.SetProperty(row => row.TwoFactorEnabled, true), ct);
        var codes = await ReplaceCodesAsync(me.UserId, ct);
        var stamp = await stamps.RenewAsync(me.UserId, ct);
        await notices.SendAsync(person, "An authenticator application was added: signing in with the password now needs its codes. Other browsers and applications were signed out, and access tokens are void.", ct);
        Added(log, me.UserId);
        return new AuthenticatorAdded(codes, stamp);
    }, ct);

    /// <summary>Removes the authenticator and the recovery codes.</summary>
    /// <returns>The account's new stamp; null when there was none to remove, or the sign-in has ended.</returns>
    public Task<string?> RemoveAsync(SignedIn me, CancellationToken ct) => db.InTransactionAsync<IdentityDb, string?>(async () =>
    {
        if (await HoldAsync(me, ct) is not { } person || await db.Authenticators.Where(row => row.UserId == me.UserId).ExecuteDeleteAsync(ct) == 0)
            return null;
        await db.RecoveryCodes.Where(row => row.UserId == me.UserId).ExecuteDeleteAsync(ct);
        await db.Users.Where(row => row.Id == me.UserId).ExecuteUpdateAsync(set => set.SetProperty(row => row.TwoFactorEnabled, false), ct);
        var stamp = await stamps.RenewAsync(me.UserId, ct);
        await notices.SendAsync(person, "The authenticator application was removed: signing in now needs the password alone. Other browsers and applications were signed out, and access tokens are void.", ct);
        Removed(log, me.UserId);
        return stamp;
    }, ct);

    /// <summary>New recovery codes; those before are void.</summary>
    /// <returns>The codes, to be shown once; null without an authenticator, or when the sign-in has ended.</returns>
    public Task<IReadOnlyList<string>?> RenewCodesAsync(SignedIn me, CancellationToken ct) => db.InTransactionAsync<IdentityDb, IReadOnlyList<string>?>(async () =>
    {
        if (await HoldAsync(me, ct) is not { TwoFactorEnabled: true } person)
            return null;
        var codes = await ReplaceCodesAsync(me.UserId, ct);
        await notices.SendAsync(person, "New recovery codes were made; those before are void.", ct);
        return codes;
    }, ct);

    /// <summary>
    /// The account, when the code is right and the account is not locked; else null, for one reason as for another. A code is good once; a wrong one counts like a
    /// wrong password.
    /// </summary>
    /// <param name="isRecoveryCode">Whether it is a recovery code, and not the authenticator's.</param>
    public Task<Person?> CheckAsync(Guid userId, string code, bool isRecoveryCode, CancellationToken ct) => db.InTransactionAsync(async () =>
    {
        var person = await attempts.HoldAsync(userId, ct);
        var open = person is { TwoFactorEnabled: true } && !person.IsLocked(clock.GetUtcNow()) ? person : null;
        if (open is not null && await (isRecoveryCode ? UseRecoveryCodeAsync(open, code, ct) : UseStepAsync(open, code, ct)))
        {
            await attempts.SucceedAsync(open, ct);
            return open;
        }
        await attempts.FailAsync(open, ct);
        WrongCode(log, userId);
        return null;
    }, ct);

    /// <summary>The account, its row held until the transaction ends; null when the sign-in has ended meanwhile.</summary>
    private async Task<Person?> HoldAsync(SignedIn me, CancellationToken ct) => await attempts.HoldAsync(me.UserId, ct) is { } person && person.SecurityStamp == me.SecurityStamp ? person : null;

    private async Task<bool> UseStepAsync(Person person, string code, CancellationToken ct)
    {
        if (await db.Authenticators.AsNoTracking().SingleOrDefaultAsync(row => row.UserId == person.Id, ct) is not { } authenticator
            || Totp.FindStep(_secrets.Unprotect(authenticator.ProtectedSecret), Typed(code), clock.GetUtcNow(), authenticator.LastStep) is not { } step)
            return false;
        return await db.Authenticators.Where(row => row.UserId == person.Id && row.LastStep < step).ExecuteUpdateAsync(set => set.SetProperty(row => row.LastStep, step), ct) == 1;
    }

    private async Task<bool> UseRecoveryCodeAsync(Person person, string code, CancellationToken ct)
    {
        var (hash, now) = (RecoveryCodes.Hash(code), clock.GetUtcNow());
        if (await db.RecoveryCodes.Where(row => row.UserId == person.Id && row.Hash == hash && row.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now), ct) != 1)
            return false;
        var left = await db.RecoveryCodes.CountAsync(row => row.UserId == person.Id && row.UsedAt == null, ct);
        await notices.SendAsync(person, $"Somebody signed in with the password and a recovery code. {left} of {RecoveryCodes.Count} are left.", ct);
        return true;
    }

    private async Task<IReadOnlyList<string>> ReplaceCodesAsync(Guid userId, CancellationToken ct)
    {
        await db.RecoveryCodes.Where(row => row.UserId == userId).ExecuteDeleteAsync(ct);
        string[] codes = [.. Enumerable.Range(0, RecoveryCodes.Count).Select(_ => RecoveryCodes.New())];
        db.AddRange(codes.Select(code => new RecoveryCode(userId, RecoveryCodes.Hash(code))));
        await db.SaveChangesAsync(ct);
        return codes;
    }

    /// <summary>Applications show the code as two groups.</summary>
    private static string Typed(string code) => code.Replace(" ", "", StringComparison.Ordinal);

    [LoggerMessage(1023, LogLevel.Information, "Person {Person} added an authenticator")]
    private static partial void Added(ILogger log, Guid person);

    [LoggerMessage(1024, LogLevel.Information, "Person {Person} removed their authenticator")]
    private static partial void Removed(ILogger log, Guid person);

    [LoggerMessage(1025, LogLevel.Information, "Wrong code for person {Person}")]
    private static partial void WrongCode(ILogger log, Guid person);
}
