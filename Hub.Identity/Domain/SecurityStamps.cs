using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>
/// The account's stamp, which every session, grant and link of a mail remembers: a new one ends them all, refresh tokens included (RFC 9700 §4.14.2).
/// Whoever changes it at a browser starts a new session there, in the place of the old.
/// </summary>
internal sealed class SecurityStamps(IdentityDb db)
{
    /// <summary>Gives the account a new stamp, in the current transaction.</summary>
    public Task RenewAsync(Guid userId, CancellationToken ct)
    {
        var stamp = Secrets.New();
        return db.Users.Where(row => row.Id == userId).ExecuteUpdateAsync(set => set.SetProperty(row => row.SecurityStamp, stamp), ct);
    }
}
