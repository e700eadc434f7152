using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Platform.Data;

/// <summary>
/// The transactions that are open in this scope, of whichever modules. All modules share one database, so what belongs to every change can be written in the
/// transaction of that change, without the changing module knowing how.
/// </summary>
public sealed class OpenTransactions
{
    private readonly List<DbContext> _begun = [];

    /// <summary>The database of the transaction begun last and still open: the one that the code now running works in. Null when none is open.</summary>
    public DbContext? Innermost
    {
        get
        {
            _begun.RemoveAll(db => db.Database.CurrentTransaction is null);
            return _begun.LastOrDefault();
        }
    }

    internal void Begun(DbContext db)
    {
        _begun.Remove(db);
        _begun.Add(db);
    }
}
