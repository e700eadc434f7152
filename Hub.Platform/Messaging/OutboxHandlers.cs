using System.Text.Json;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace CodeZero.Hub.Platform.Messaging;

/// <summary>Who acts on which event.</summary>
public static class OutboxHandlers
{
    /// <summary>
    /// Registers a handler. It runs as the event's tenant in a transaction of the module's database, in which it is also noted that it has acted:
    /// what it does there happens once, however often the event comes.
    /// </summary>
    public static IServiceCollection AddHandler<TDb, TEvent, THandler>(this IServiceCollection services)
        where TDb : DbContext where TEvent : IIntegrationEvent where THandler : class, IHandles<TEvent> =>
        services.AddScoped<THandler>().AddSingleton<OutboxHandler, OutboxHandler<TDb, TEvent, THandler>>();
}

internal abstract class OutboxHandler
{
    internal abstract string EventName { get; }
    internal abstract Task HandleAsync(IServiceScopeFactory scopes, OutboxMessage message, CancellationToken ct);
}

internal sealed record OutboxMessage(Guid Id, Guid OrganizationId, string Type, string Payload, int Attempts);

internal sealed class OutboxHandler<TDb, TEvent, THandler> : OutboxHandler
    where TDb : DbContext where TEvent : IIntegrationEvent where THandler : class, IHandles<TEvent>
{
    internal override string EventName => Outbox.NameOf(typeof(TEvent));

    internal override async Task HandleAsync(IServiceScopeFactory scopes, OutboxMessage message, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Tenant>().Enter(message.OrganizationId);
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await IsFirstAsync(db, message.Id, ct))
            return;
        var happened = JsonSerializer.Deserialize<TEvent>(message.Payload, JsonSerializerOptions.Web)!;
        await scope.ServiceProvider.GetRequiredService<THandler>().HandleAsync(message.Id, happened, ct);
        await transaction.CommitAsync(ct);
    }

    private static async Task<bool> IsFirstAsync(TDb db, Guid eventId, CancellationToken ct)
    {
        await using var insert = db.CreateTransactionCommand("insert into platform.inbox (handler, event_id) values ($1, $2) on conflict do nothing");
        insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = typeof(THandler).FullName! });
        insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = eventId });
        return await insert.ExecuteNonQueryAsync(ct) == 1;
    }
}
