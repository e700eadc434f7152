using Npgsql;

namespace CodeZero.Hub.Registry.Data;

/// <summary>
/// Public applications, looked up for nobody in particular: no tenant, no transaction, one question. Row-level security shows such a connection public ones only; the
/// condition says it once more.
/// </summary>
internal sealed class PublicApplications(NpgsqlDataSource database)
{
    /// <summary>The application's id; null when there is none at this address that is public.</summary>
    public async Task<Guid?> FindIdAsync(string publisher, string app, CancellationToken ct)
    {
        await using var find = database.CreateCommand("select id from registry.applications where publisher = $1 and app = $2 and visibility = 'public'");
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = publisher });
        find.Parameters.Add(new NpgsqlParameter<string> { TypedValue = app });
        return await find.ExecuteScalarAsync(ct) as Guid?;
    }
}
