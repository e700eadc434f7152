using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace CodeZero.Hub.Platform.Messaging;

/// <summary>
/// Brings events to their handlers, one at a time per replica and each to one replica at a time (<c>for update skip locked</c>). Woken by a notification,
/// and by itself twice a minute. What fails is tried again later and later, and after <see cref="MaxAttempts"/> times parked for a person to look at.
/// </summary>
internal sealed partial class OutboxDispatcher(
    NpgsqlDataSource database, IServiceScopeFactory scopes, IEnumerable<OutboxHandler> handlers, INotifications notifications, TimeProvider clock,
    IMeterFactory meters, ILogger<OutboxDispatcher> log) : BackgroundService
{
    internal const int MaxAttempts = 12;
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(30);

    private readonly ILookup<string, OutboxHandler> _handlers = handlers.ToLookup(handler => handler.EventName, StringComparer.Ordinal);
    private readonly string[] _known = [.. handlers.Select(handler => handler.EventName).Distinct(StringComparer.Ordinal)];
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Counter<long> _parked = meters.Create("CodeZero.Hub.Platform").CreateCounter<long>(
        "codezero.outbox.parked", "{event}", "Events given up on until a person looks at platform.outbox.");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var subscription = notifications.Subscribe(Outbox.Channel, _ => Wake());
        using var sweep = clock.CreateTimer(_ => Wake(), null, Sweep, Sweep);
        Wake();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _wake.Reader.ReadAsync(stoppingToken);
                while (await DispatchNextAsync(stoppingToken))
                {
                }
                sweep.Change(await UntilNextAsync(stoppingToken) ?? Sweep, Sweep);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
            {
                DatabaseGone(log, e);
            }
        }
    }

    /// <summary>1 s, 2 s, 4 s, …, 30 min.</summary>
    internal static TimeSpan BackOff(int attempts) => TimeSpan.FromSeconds(Math.Min(Math.Pow(2, attempts - 1), LongestBackOff.TotalSeconds));

    private void Wake() => _wake.Writer.TryWrite(true);

    private async Task<bool> DispatchNextAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await BecomeDispatcherAsync(connection, ct);
        if (await TakeAsync(connection, ct) is not { } message)
            return false;
        if (await HandleAsync(message, ct) is { } failure)
            await PostponeAsync(connection, message, failure, ct);
        else
            await ExecuteAsync(connection, "delete from platform.outbox where id = $1", ct, message.Id);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>Only what this build knows: in a rolling upgrade, an older replica leaves new events to the newer ones.</summary>
    private async Task<OutboxMessage?> TakeAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var take = new NpgsqlCommand("""
            select id, organization_id, type, payload, attempts from platform.outbox where parked_at is null and next_attempt_at <= now() and type = any($1)
            order by next_attempt_at limit 1 for update skip locked
            """, connection) { Parameters = { new() { Value = _known } } };
        await using var reader = await take.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new(reader.GetGuid(0), reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetInt32(4))
            : null;
    }

    private async Task<Exception?> HandleAsync(OutboxMessage message, CancellationToken ct)
    {
        Exception? failure = null;
        foreach (var handler in _handlers[message.Type])
            try
            {
                await handler.HandleAsync(scopes, message, ct);
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                failure = e; // the other handlers shall not wait for this one
            }
        return failure;
    }

    private async Task PostponeAsync(NpgsqlConnection connection, OutboxMessage message, Exception failure, CancellationToken ct)
    {
        var attempts = message.Attempts + 1;
        var parked = attempts >= MaxAttempts;
        Failed(log, parked ? LogLevel.Error : LogLevel.Warning, message.Type, message.Id, attempts, parked ? "parked" : "tried again", failure);
        await ExecuteAsync(connection, """
            update platform.outbox set attempts = $2, next_attempt_at = now() + $3, last_error = $4, parked_at = case when $5 then now() end where id = $1
            """, ct, message.Id, attempts, BackOff(attempts), Describe(failure), parked);
        if (parked)
            _parked.Add(1, new KeyValuePair<string, object?>("event", message.Type));
    }

    /// <summary>Short, and only of characters that PostgreSQL can keep: a failure that could not be noted would come again at once, and hold up all others.</summary>
    internal static string Describe(Exception failure)
    {
        const int longest = 2000;
        return string.Concat($"{failure.GetType().Name}: {failure.Message}".EnumerateRunes().Where(rune => rune.Value != 0).Take(longest));
    }

    private async Task<TimeSpan?> UntilNextAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await BecomeDispatcherAsync(connection, ct);
        await using var next = new NpgsqlCommand("select min(next_attempt_at) - now() from platform.outbox where parked_at is null and next_attempt_at < now() + $1 and type = any($2)", connection)
        {
            Parameters = { new() { Value = Sweep }, new() { Value = _known } },
        };
        // What is due and still there is in another replica's hands.
        return await next.ExecuteScalarAsync(ct) is TimeSpan wait ? TimeSpan.FromTicks(Math.Max(wait.Ticks, TimeSpan.TicksPerSecond)) : null;
    }

    private static Task BecomeDispatcherAsync(NpgsqlConnection connection, CancellationToken ct) =>
        ExecuteAsync(connection, "select set_config('codezero.dispatcher', 'on', true)", ct);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }

    [LoggerMessage(9111, LogLevel.Warning, "The outbox cannot reach the database; it goes on with the next sweep")]
    private static partial void DatabaseGone(ILogger log, Exception exception);

    [LoggerMessage(EventId = 9112, Message = "Event {Type} {Id} failed the {Attempts}. time and is {Then}")]
    private static partial void Failed(ILogger log, LogLevel level, string type, Guid id, int attempts, string then, Exception exception);
}
