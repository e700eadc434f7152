using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Threading.Channels;
using CodeZero.Hub.Platform.Messaging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace CodeZero.Hub.Platform.Mail;

/// <summary>
/// Brings queued messages to the mail server, one at a time per replica and each by one replica at a time. What is not taken is tried again later and later for
/// a day, then parked; what is refused for good is parked at once.
/// </summary>
internal sealed partial class EmailDispatcher(
    NpgsqlDataSource database, Emails emails, IEmailSender sender, IOptions<MailOptions> options, INotifications notifications, TimeProvider clock,
    IMeterFactory meters, ILogger<EmailDispatcher> log) : BackgroundService
{
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromDays(1);

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Counter<long> _messages = meters.Create("CodeZero.Hub.Platform").CreateCounter<long>(
        "codezero.emails", "{message}", "Tries to deliver a message, by what came of it: sent, postponed or parked.");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.IsConfigured)
            return;
        using var subscription = notifications.Subscribe(Emails.Channel, _ => Wake());
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

    private void Wake() => _wake.Writer.TryWrite(true);

    private async Task<bool> DispatchNextAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await TakeAsync(connection, ct) is not { } email)
            return false;
        try
        {
            await sender.SendAsync(email.Id, emails.Open(email.Message), ct);
            await ExecuteAsync(connection, "delete from platform.emails where id = $1", ct, email.Id);
            Count("sent");
        }
        catch (Exception e) when (e is EmailNotSentException or CryptographicException or ArgumentException)
        {
            await PostponeAsync(connection, email, e, ct);
        }
        await transaction.CommitAsync(CancellationToken.None); // a message sent and not noted would be sent again
        return true;
    }

    private static async Task<Queued?> TakeAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var take = new NpgsqlCommand("""
            select id, message, attempts, now() - created_at from platform.emails where parked_at is null and next_attempt_at <= now()
            order by next_attempt_at limit 1 for update skip locked
            """, connection);
        await using var reader = await take.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? new(reader.GetGuid(0), reader.GetFieldValue<byte[]>(1), reader.GetInt32(2), reader.GetTimeSpan(3)) : null;
    }

    private async Task PostponeAsync(NpgsqlConnection connection, Queued email, Exception failure, CancellationToken ct)
    {
        var attempts = email.Attempts + 1;
        var parked = failure is not EmailNotSentException { IsPermanent: false } || email.Age >= GiveUpAfter;
        NotSent(log, parked ? LogLevel.Error : LogLevel.Warning, email.Id, attempts, parked ? "parked" : "tried again", failure.Message);
        await ExecuteAsync(connection, """
            update platform.emails set attempts = $2, next_attempt_at = now() + $3, last_error = $4, parked_at = case when $5 then now() end where id = $1
            """, ct, email.Id, attempts, OutboxDispatcher.BackOff(attempts), OutboxDispatcher.Describe(failure), parked);
        Count(parked ? "parked" : "postponed");
    }

    private void Count(string result) => _messages.Add(1, new KeyValuePair<string, object?>("result", result));

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }

    private sealed record Queued(Guid Id, byte[] Message, int Attempts, TimeSpan Age);

    [LoggerMessage(9121, LogLevel.Warning, "Queued messages cannot be read from the database; it goes on with the next sweep")]
    private static partial void DatabaseGone(ILogger log, Exception exception);

    [LoggerMessage(EventId = 9122, Message = "Message {Id} was not sent the {Attempts}. time and is {Then}: {Why}")]
    private static partial void NotSent(ILogger log, LogLevel level, Guid id, int attempts, string then, string why);
}
