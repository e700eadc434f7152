using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace CodeZero.Hub.Platform.Data;

/// <summary>A module's migrations: the SQL files embedded in its assembly as <c>migrations/NNNN_what.sql</c>, applied in the order of their numbers.</summary>
public sealed record MigrationSource(string Schema, Assembly Assembly)
{
    internal IEnumerable<Migration> Read()
    {
        const string prefix = "migrations/";
        foreach (var resource in Assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(Assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            var sql = reader.ReadToEnd().ReplaceLineEndings("\n");
            yield return new(Schema, resource[prefix.Length..], sql, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))));
        }
    }
}

internal sealed record Migration(string Schema, string File, string Sql, string Checksum);

/// <summary>A migration cannot be applied; the message says which, why, and what to do.</summary>
public sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Applies the modules' SQL files as the owner role: each in a transaction of its own, under an advisory lock, once, and never again in another wording.
/// </summary>
public sealed class Migrator(IEnumerable<MigrationSource> sources)
{
    private const long AdvisoryLock = 0x434f_4445_5a45_524f;
    private readonly List<Migration> _migrations = [.. sources.SelectMany(source => source.Read())];

    /// <summary>Applies what is missing.</summary>
    /// <param name="owner">A data source of the owner role.</param>
    /// <param name="applicationRole">The role the server runs as; it gets the use of each schema, but no DDL and no TRUNCATE.</param>
    /// <returns>The names of the files applied, <c>schema/file</c>.</returns>
    /// <exception cref="MigrationException">An applied file has changed since, or one failed.</exception>
    public async Task<IReadOnlyList<string>> ApplyAsync(NpgsqlDataSource owner, string applicationRole, CancellationToken ct)
    {
        await using var connection = await owner.OpenConnectionAsync(ct);
        await ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_lock({AdvisoryLock})"), ct);
        foreach (var schema in _migrations.Select(migration => migration.Schema).Prepend("platform").Distinct())
            await PrepareSchemaAsync(connection, schema, applicationRole, ct);
        await ExecuteAsync(connection, """
            create table if not exists platform.migrations (
                schema_name text not null, file text not null, checksum text not null, applied_at timestamptz not null default now(), primary key (schema_name, file))
            """, ct);

        var applied = await ReadAppliedAsync(connection, ct);
        var done = new List<string>();
        foreach (var migration in _migrations)
        {
            if (applied.TryGetValue((migration.Schema, migration.File), out var checksum))
            {
                if (checksum != migration.Checksum)
                    throw new MigrationException($"{migration.Schema}/{migration.File} was applied in another wording. Restore the file, and put the change into a new migration.");
                continue;
            }
            await ApplyAsync(connection, migration, ct);
            done.Add($"{migration.Schema}/{migration.File}");
        }
        return done;
    }

    /// <summary>The files that the database lacks; empty when it is as this build wants it.</summary>
    public async Task<IReadOnlyList<string>> FindPendingAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var applied = await ExistsAsync(connection, ct) ? await ReadAppliedAsync(connection, ct) : [];
        return [.. _migrations.Where(migration => applied.GetValueOrDefault((migration.Schema, migration.File)) != migration.Checksum)
            .Select(migration => $"{migration.Schema}/{migration.File}")];
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken ct)
    {
        try
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await ExecuteAsync(connection, migration.Sql, ct);
            await using var record = new NpgsqlCommand("insert into platform.migrations (schema_name, file, checksum) values ($1, $2, $3)", connection);
            foreach (var value in new[] { migration.Schema, migration.File, migration.Checksum })
                record.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
            await record.ExecuteNonQueryAsync(ct);
            await transaction.CommitAsync(ct);
        }
        catch (PostgresException e)
        {
            throw new MigrationException($"{migration.Schema}/{migration.File} failed and was rolled back: {e.MessageText}", e);
        }
    }

    private static async Task PrepareSchemaAsync(NpgsqlConnection connection, string schema, string role, CancellationToken ct)
    {
        var (quotedSchema, quotedRole) = (Quote(schema), Quote(role));
        await ExecuteAsync(connection, $"""
            create schema if not exists {quotedSchema};
            grant usage on schema {quotedSchema} to {quotedRole};
            alter default privileges in schema {quotedSchema} grant select, insert, update, delete on tables to {quotedRole};
            alter default privileges in schema {quotedSchema} grant usage, select on sequences to {quotedRole};
            """, ct);
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select to_regclass('platform.migrations') is not null", connection);
        return await command.ExecuteScalarAsync(ct) is true;
    }

    private static async Task<Dictionary<(string Schema, string File), string>> ReadAppliedAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var applied = new Dictionary<(string, string), string>();
        await using var command = new NpgsqlCommand("select schema_name, file, checksum from platform.migrations", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            applied[(reader.GetString(0), reader.GetString(1))] = reader.GetString(2);
        return applied;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static string Quote(string identifier) => "\"" + identifier.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}
