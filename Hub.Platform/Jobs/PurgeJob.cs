using Microsoft.Extensions.Logging;
using Npgsql;

namespace CodeZero.Hub.Platform.Jobs;

/// <summary>Removes what has expired from the platform's tables.</summary>
internal sealed partial class PurgeJob(NpgsqlDataSource database, ILogger<PurgeJob> log) : IHubJob
{
    internal const string Name = "platform.purge";

    /// <summary>Every ten minutes.</summary>
    internal const string Cron = "0 0/10 * * * ?";

    private static readonly (string Table, string Sql)[] Purges =
    [
        ("platform.replays", "delete from platform.replays where expires_at < now()"),
        ("platform.idempotency", "delete from platform.idempotency where expires_at < now()"),
        // An event is given up on within a day; after a week no second delivery can come.
        ("platform.inbox", "delete from platform.inbox where handled_at < now() - interval '7 days'"),
        // Events that no build of this week has a handler for.
        ("platform.outbox", "delete from platform.outbox where attempts = 0 and occurred_at < now() - interval '7 days'"),
        // Parked, or kept to be looked at; links in them ended long ago.
        ("platform.emails", "delete from platform.emails where created_at < now() - interval '7 days'"),
    ];

    public async Task RunAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var become = new NpgsqlCommand("select set_config('codezero.dispatcher', 'on', true)", connection))
            await become.ExecuteNonQueryAsync(ct);
        foreach (var (table, sql) in Purges)
        {
            await using var purge = new NpgsqlCommand(sql, connection);
            Purged(log, await purge.ExecuteNonQueryAsync(ct), table);
        }
        await transaction.CommitAsync(ct);
    }

    [LoggerMessage(9301, LogLevel.Debug, "Purged {Rows} rows of {Table}")]
    private static partial void Purged(ILogger log, int rows, string table);
}
