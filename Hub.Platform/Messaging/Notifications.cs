using System.Collections.Concurrent;
using CodeZero.Hub.Platform.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace CodeZero.Hub.Platform.Messaging;

/// <summary>A word from another replica, or <see cref="Resynchronize"/>: some may have been missed, so look at the database.</summary>
/// <param name="Payload">What the sender said; null to resynchronize.</param>
public readonly record struct Notification(string? Payload)
{
    /// <summary>The connection was lost and is back: whatever was said in between is unknown.</summary>
    public bool Resynchronize => Payload is null;
}

/// <summary>
/// Words between replicas, through PostgreSQL. They are hints, at most once: who listens also sweeps. One connection per replica, however many listen.
/// </summary>
public interface INotifications
{
    /// <summary>Calls the handler for each word on the channel, and to resynchronize. It is called on the listening loop, so it must only take note and return.</summary>
    /// <returns>Dispose it to stop.</returns>
    IDisposable Subscribe(string channel, Action<Notification> handler);
}

/// <summary>Sending.</summary>
public static class NotificationSending
{
    /// <summary>The one PostgreSQL channel; ours are the first word of the payload.</summary>
    internal const string PostgresChannel = "codezero";

    private const int MaxPayloadBytes = 7900;

    /// <summary>Tells all replicas, when and if the current transaction commits.</summary>
    /// <param name="channel">Letters, digits, dots, dashes.</param>
    /// <param name="payload">At most 7900 bytes less the channel's; an id, not data.</param>
    /// <exception cref="InvalidOperationException">There is no transaction.</exception>
    public static async Task NotifyAsync(this DbContext db, string channel, string payload, CancellationToken ct)
    {
        var message = $"{channel} {payload}";
        ArgumentOutOfRangeException.ThrowIfGreaterThan(System.Text.Encoding.UTF8.GetByteCount(message), MaxPayloadBytes, nameof(payload));
        await using var notify = db.CreateTransactionCommand("select pg_notify($1, $2)");
        notify.Parameters.Add(new NpgsqlParameter<string> { TypedValue = PostgresChannel });
        notify.Parameters.Add(new NpgsqlParameter<string> { TypedValue = message });
        await notify.ExecuteNonQueryAsync(ct);
    }
}

internal sealed partial class Notifications(NpgsqlDataSource database, TimeProvider clock, ILogger<Notifications> log) : BackgroundService, INotifications
{
    /// <summary>How long a dead peer can go unnoticed.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan ReconnectAfter = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<Subscription, byte> _subscriptions = new();

    public IDisposable Subscribe(string channel, Action<Notification> handler)
    {
        var subscription = new Subscription(this, channel, handler);
        _subscriptions.TryAdd(subscription, 0);
        return subscription;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or InvalidOperationException)
            {
                Lost(log, e);
                await Task.Delay(ReconnectAfter, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
        }
    }

    private async Task ListenAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        connection.Notification += (_, sent) => Deliver(sent.Payload);
        await ListenAsync(connection, ct);
        foreach (var subscription in _subscriptions.Keys)
            Call(subscription, new(null));
        while (true)
            if (!await connection.WaitAsync(Silence, ct))
                await ListenAsync(connection, ct); // changes nothing, but fails when the peer has vanished without a word
    }

    private void Deliver(string message)
    {
        var space = message.IndexOf(' ', StringComparison.Ordinal);
        foreach (var subscription in _subscriptions.Keys)
            if (message.AsSpan(0, Math.Max(space, 0)).SequenceEqual(subscription.Channel))
                Call(subscription, new(message[(space + 1)..]));
    }

    private void Call(Subscription subscription, Notification notification)
    {
        try
        {
            subscription.Handler(notification);
        }
        catch (Exception e)
        {
            HandlerFailed(log, subscription.Channel, e);
        }
    }

    private static async Task ListenAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var listen = new NpgsqlCommand($"listen {NotificationSending.PostgresChannel}", connection);
        await listen.ExecuteNonQueryAsync(ct);
    }

    private sealed class Subscription(Notifications owner, string channel, Action<Notification> handler) : IDisposable
    {
        internal string Channel => channel;
        internal Action<Notification> Handler => handler;
        public void Dispose() => owner._subscriptions.TryRemove(this, out _);
    }

    [LoggerMessage(9101, LogLevel.Warning, "The listening connection was lost; it is made again")]
    private static partial void Lost(ILogger log, Exception exception);

    [LoggerMessage(9102, LogLevel.Error, "A subscriber of {Channel} failed")]
    private static partial void HandlerFailed(ILogger log, string channel, Exception exception);
}
