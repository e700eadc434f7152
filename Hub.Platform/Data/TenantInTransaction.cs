using System.Data.Common;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace CodeZero.Hub.Platform.Data;

/// <summary>
/// Tells PostgreSQL who each transaction works for. Transaction-local, so that a connection pool (ours or an external one) can never
/// carry one tenant's setting to another's request.
/// </summary>
internal sealed class TenantInTransaction(Tenant tenant, OpenTransactions transactions) : DbTransactionInterceptor
{
    public override DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        using var command = SetTenant(connection, result);
        command.ExecuteNonQuery();
        transactions.Begun(eventData.Context!);
        return result;
    }

    public override async ValueTask<DbTransaction> TransactionStartedAsync(
        DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
    {
        await using var command = SetTenant(connection, result);
        await command.ExecuteNonQueryAsync(cancellationToken);
        transactions.Begun(eventData.Context!);
        return result;
    }

    private DbCommand SetTenant(DbConnection connection, DbTransaction transaction)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "select set_config('codezero.organization', $1, true), set_config('codezero.user', $2, true)";
        Add(command, tenant.OrganizationId);
        Add(command, tenant.UserId);
        return command;
    }

    private static void Add(DbCommand command, Guid? id)
    {
        var parameter = command.CreateParameter();
        parameter.Value = id?.ToString() ?? "";
        command.Parameters.Add(parameter);
    }
}
