using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace CodeZero.Hub.Platform.Data;

/// <summary>Plain SQL in the transaction a DbContext is in.</summary>
public static class TransactionCommand
{
    /// <summary>A command in the current transaction; positional parameters <c>$1</c>, <c>$2</c>.</summary>
    /// <exception cref="InvalidOperationException">There is no transaction.</exception>
    public static NpgsqlCommand CreateTransactionCommand(this DbContext db, string sql)
    {
        var transaction = db.Database.CurrentTransaction ?? throw new InvalidOperationException("There is no transaction. Give the route WithUnitOfWork, or work inside InTransactionAsync.");
        return new NpgsqlCommand(sql, (NpgsqlConnection)db.Database.GetDbConnection(), (NpgsqlTransaction)transaction.GetDbTransaction());
    }

    /// <summary>Waits until no other transaction holds the name; held until this transaction ends. For check-then-act.</summary>
    public static async Task LockAsync(this DbContext db, string name, CancellationToken ct)
    {
        await using var command = db.CreateTransactionCommand("select pg_advisory_xact_lock(hashtextextended($1, 0))");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        await command.ExecuteNonQueryAsync(ct);
    }
}
