using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace CodeZero.Hub.Platform.Data;

/// <summary>The migrations of one schema, in the order they are applied.</summary>
public sealed class MigrationSource
{
    private MigrationSource(string schema, IReadOnlyList<Migration> migrations) => (Schema, Migrations) = (schema, migrations);

    public string Schema { get; }

    internal IReadOnlyList<Migration> Migrations { get; }

    /// <summary>The SQL files embedded in a module's assembly as <c>migrations/NNNN_what.sql</c>, in the order of their numbers.</summary>
    public static MigrationSource Embedded(string schema, Assembly assembly)
    {
        const string prefix = "migrations/";
        return new(schema, [.. assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(resource => Migration.Create(schema, resource[prefix.Length..], ReadResource(assembly, resource)))]);
    }

    /// <summary>One script that another library brings along.</summary>
    internal static MigrationSource Script(string schema, string file, string sql) => new(schema, [Migration.Create(schema, file, sql)]);

    internal static string ReadResource(Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}

internal sealed record Migration(string Schema, string File, string Sql, string Checksum)
{
    internal static Migration Create(string schema, string file, string text)
    {
        var sql = text.ReplaceLineEndings("\n");
        return new(schema, file, sql, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))));
    }
}

/// <summary>A migration cannot be applied; the message says which, why, and what to do.</summary>
public sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// Applies the modules' SQL files as the owner role: each in a transaction of its own, under an advisory lock, once, and never again in another wording.
/// </summary>
public sealed class Migrator(IEnumerable<MigrationSource> sources)
{
    private const long AdvisoryLock = 0x434f_4445_5a45_524f;
    private readonly ImmutableArray<Migration> _migrations = [.. sources.SelectMany(source => source.Migrations)];

    /// <summary>Applies what is missing.</summary>
    /// <param name="owner">A data source of the owner role.</param>
    /// <param name="applicationRole">The role the server runs as; it gets the use of each schema, but no DDL and no TRUNCATE.</param>
    /// <returns>The names of the files applied, <c>schema/file</c>.</returns>
    /// <exception cref="MigrationException">An applied file has changed since, or one failed.</exception>
    public async Task<IReadOnlyList<string>> ApplyAsync(NpgsqlDataSource owner, string applicationRole, CancellationToken ct)
    {
        await using var connection = await owner.OpenConnectionAsync(ct);
        await ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_lock({AdvisoryLock})"), ct);
        try
        {
            await PrepareAsync(connection, applicationRole, ct);
            return await ApplyMissingAsync(connection, ct);
        }
        finally
        {
            // A connection that goes back to its pool would keep the lock until its next use.
            await ExecuteAsync(connection, string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_unlock({AdvisoryLock})"), CancellationToken.None);
        }
    }

    private async Task PrepareAsync(NpgsqlConnection connection, string applicationRole, CancellationToken ct)
    {
        foreach (var schema in _migrations.Select(migration => migration.Schema).Prepend("platform").Distinct())
            await PrepareSchemaAsync(connection, schema, applicationRole, ct);
        await ExecuteAsync(connection, """
            create table if not exists platform.migrations (
                schema_name text not null, file text not null, checksum text not null, applied_at timestamptz not null default now(), primary key (schema_name, file))
            """, ct);
        await ExecuteAsync(connection, $"revoke insert, update, delete on platform.migrations from {Quote(applicationRole)}", ct);
    }

    private async Task<List<string>> ApplyMissingAsync(NpgsqlConnection connection, CancellationToken ct)
    {
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

    /// <summary>A name for exactly these migrations: two builds with the same have the same tables.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(_migrations.Select(migration => $"{migration.Schema}/{migration.File}:{migration.Checksum}\n")))))[..16];

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
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 }; // an index on a large table, or another migrator's turn, takes what it takes
        await command.ExecuteNonQueryAsync(ct);
    }

    private static string Quote(string identifier) => "\"" + identifier.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}
