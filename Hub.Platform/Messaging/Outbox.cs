using System.Text.Json;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace CodeZero.Hub.Platform.Messaging;

/// <summary>The transactional outbox: an event is kept if, and only if, what it tells of is.</summary>
public static class Outbox
{
    internal const string Channel = "outbox";

    /// <summary>Publishes in the current transaction. Handlers hear of it after the commit, at least once.</summary>
    /// <exception cref="InvalidOperationException">There is no transaction.</exception>
    public static async Task PublishAsync<TEvent>(this DbContext db, TEvent happened, CancellationToken ct) where TEvent : IIntegrationEvent
    {
        await using (var insert = db.CreateTransactionCommand(
            "insert into platform.outbox (id, organization_id, type, payload, occurred_at, next_attempt_at) values ($1, $2, $3, $4, now(), now())"))
        {
            insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7() });
            insert.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = happened.OrganizationId });
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = NameOf(typeof(TEvent)) });
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = JsonSerializer.Serialize(happened, JsonSerializerOptions.Web), NpgsqlDbType = NpgsqlDbType.Jsonb });
            await insert.ExecuteNonQueryAsync(ct);
        }
        await db.NotifyAsync(Channel, "", ct);
    }

    /// <summary>The name of an event in the database. Renaming the type breaks events under way.</summary>
    internal static string NameOf(Type happened) => happened.Name;
}
