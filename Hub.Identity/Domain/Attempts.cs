using CodeZero.Hub.Identity.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// Wrong passwords, codes and recovery codes, counted together: past <see cref="HubIdentityOptions.LockoutPolicy"/> the account is locked for a while. Tries on
/// one account wait for each other, so that many at once count as many. Everything here needs a transaction.
/// </summary>
internal sealed class Attempts(IdentityDb db, TimeProvider clock, IOptions<HubIdentityOptions> options)
{
    /// <summary>The account, its row held until the transaction ends; null when there is none.</summary>
    public Task<Person?> HoldAsync(string normalizedEmail, CancellationToken ct) =>
        db.Users.FromSql($"select * from identity.users where normalized_email = {normalizedEmail} for no key update").AsNoTracking().SingleOrDefaultAsync(ct);

    /// <inheritdoc cref="HoldAsync(string, CancellationToken)"/>
    public Task<Person?> HoldAsync(Guid userId, CancellationToken ct) =>
        db.Users.FromSql($"select * from identity.users where id = {userId} for no key update").AsNoTracking().SingleOrDefaultAsync(ct);

    /// <summary>Counts a failure. For nobody, and for an account that is locked already, the same statements change nothing.</summary>
    public async Task FailAsync(Person? person, CancellationToken ct)
    {
        var (id, now) = (person?.Id ?? Guid.Empty, clock.GetUtcNow());
        var (most, until) = (options.Value.Lockout.Attempts, now + options.Value.Lockout.Duration);
        // Waiting for the disk would tell, by its time, that there was something to write; a count lost in a crash is no loss.
        await db.Database.ExecuteSqlAsync($"select set_config('synchronous_commit', 'off', true)", ct);
        await db.Database.ExecuteSqlAsync($"""
            update identity.users set lockout_end = case when access_failed_count + 1 >= {most} then {until} else lockout_end end,
                access_failed_count = case when access_failed_count + 1 >= {most} then 0 else access_failed_count + 1 end
            where id = {id} and (lockout_end is null or lockout_end <= {now})
            """, ct);
    }

    /// <summary>The person has proved who they are, by all that it takes: the count begins anew.</summary>
    public async Task SucceedAsync(Person person, CancellationToken ct)
    {
        if (person.AccessFailedCount > 0)
            await db.Users.Where(row => row.Id == person.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.AccessFailedCount, 0), ct);
    }
}
