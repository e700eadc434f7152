using CodeZero.Hub.Platform.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace CodeZero.Hub.Platform.Hosting;

/// <summary>The database lacks migrations of this build; the message names them and the command to run.</summary>
public sealed class NotMigratedException(IReadOnlyList<string> pending) : Exception(
    $"The database is not migrated: {string.Join(", ", pending)} {(pending.Count == 1 ? "is" : "are")} missing or changed. Run 'Hub.Api migrate' with Hub:Database:Owner set, then start again.");

/// <summary>The command <c>migrate</c>: applies what is missing, as the owner role.</summary>
public sealed class DatabaseMigration(Migrator migrator, IOptions<DatabaseOptions> options)
{
    /// <returns>The files applied.</returns>
    /// <exception cref="OptionsValidationException">A connection string is missing.</exception>
    /// <exception cref="MigrationException">A migration failed, or was changed after it was applied.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken ct)
    {
        if (string.IsNullOrEmpty(options.Value.Owner))
            throw new OptionsValidationException(DatabaseOptions.Section, typeof(DatabaseOptions),
                ["Hub:Database:Owner is missing. Set it to the connection string of the role that owns the schemas, such as Host=db;Database=hub;Username=hub_owner;Password=…."]);
        await using var owner = NpgsqlDataSource.Create(options.Value.Owner);
        return await migrator.ApplyAsync(owner, options.Value.ApplicationRole, ct);
    }
}

/// <summary>Stops a server whose database is not as this build wants it, or whose role row-level security does not bind, before anything else starts.</summary>
internal sealed class DatabaseGuard(Migrator migrator, NpgsqlDataSource database) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (await migrator.FindPendingAsync(database, cancellationToken) is { Count: > 0 } pending)
            throw new NotMigratedException(pending);
        await using var ask = database.CreateCommand("select rolname from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)");
        if (await ask.ExecuteScalarAsync(cancellationToken) is string role)
            throw new OptionsValidationException(DatabaseOptions.Section, typeof(DatabaseOptions),
                [$"Hub:Database:Application names the role {role}, which row-level security does not bind: a mistake in one query would show every organization's rows. Name a role of its own: CREATE ROLE hub_app LOGIN NOSUPERUSER NOBYPASSRLS."]);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
