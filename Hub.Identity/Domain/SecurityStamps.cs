using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// The account's stamp, which every session, grant and link of a mail remembers: a new one ends them all, refresh tokens included (RFC 9700 §4.14.2).
/// Whoever changes it at a browser goes on there by <see cref="Sessions.RenewAsync"/>, and changes it only while it is the one their sign-in remembers: whoever was signed out while
/// they waited for the account's row must not go on under the stamp that signed them out.
/// </summary>
internal sealed class SecurityStamps(IdentityDb db)
{
    /// <summary>Gives the account a new stamp, in the current transaction.</summary>
    /// <returns>The stamp.</returns>
    public async Task<string> RenewAsync(Guid userId, CancellationToken ct)
    {
        var stamp = Secrets.New();
        await db.Users.Where(row => row.Id == userId).ExecuteUpdateAsync(set => set.SetProperty(row => row.SecurityStamp, stamp), ct);
        return stamp;
    }
}
