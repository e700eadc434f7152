using System.Security.Claims;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>Writes the audit log, in whichever module's transaction the event happened.</summary>
internal sealed class AuditLog(OpenTransactions transactions, Tenant tenant, IHttpContextAccessor request, TimeProvider clock) : IAuditLog
{
    private const int MaxUserAgentLength = 300;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public async Task RecordAsync(AuditEvent happened, CancellationToken ct)
    {
        var db = transactions.Innermost ?? throw new InvalidOperationException("There is no transaction. Give the route WithUnitOfWork, or work inside InTransactionAsync.");
        var organization = tenant.OrganizationId ?? throw new InvalidOperationException("This scope works for no organization, so there is no log to write to.");
        var (actor, http) = (happened.Actor ?? CurrentActor(), request.HttpContext);
        await db.LockAsync($"audit:{organization}", ct);
        var (sequence, head, email) = await ReadHeadAsync(db, organization, actor, ct);
        var record = new AuditRecord
        {
            OrganizationId = organization,
            Sequence = sequence + 1,
            OccurredAt = InMicroseconds(clock.GetUtcNow()),
            ActorKind = actor.Kind,
            ActorId = actor.Id,
            ActorName = actor.Name ?? email,
            ClientId = http?.User.FindFirstValue("client_id"),
            IpAddress = http?.Connection.RemoteIpAddress is { } address ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString() : null,
            UserAgent = http is null ? null : OneLine(http.Request.Headers.UserAgent.ToString()),
            Action = happened.Action,
            TargetType = happened.TargetType,
            TargetId = happened.TargetId,
            TargetName = happened.TargetName,
            Before = Write(happened.Before),
            After = Write(happened.After),
            PreviousHash = head,
        };
        await InsertAsync(db, record with { Hash = AuditChain.HashOf(record) }, ct);
    }

    private AuditActor CurrentActor()
    {
        if (ApiTokenIdentity.Of(request.HttpContext?.User) is KeyCredential key)
            return new(AuditActorKind.ApiKey, key.Id.ToString(), key.Name);
        if (tenant.UserId is { } person)
            return new(AuditActorKind.Person, person.ToString(), null);
        return request.HttpContext?.User.FindFirstValue(AgentPolicy.ClusterClaim) is { } cluster ? new(AuditActorKind.Agent, cluster, null) : new(AuditActorKind.System, null, null);
    }

    private static async Task<(long Sequence, byte[] Hash, string? Email)> ReadHeadAsync(DbContext db, Guid organization, AuditActor actor, CancellationToken ct)
    {
        await using var read = db.CreateTransactionCommand("""
            select head.sequence, head.hash, (select email from identity.users where id = $2)
            from (select) as one left join lateral (select sequence, hash from identity.audit_events where organization_id = $1 order by sequence desc limit 1) as head on true
            """);
        read.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = organization });
        read.Parameters.Add(new NpgsqlParameter { Value = actor is { Kind: AuditActorKind.Person, Name: null } && Guid.TryParse(actor.Id, out var person) ? person : DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid });
        await using var reader = await read.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var email = await reader.IsDBNullAsync(2, ct) ? null : reader.GetString(2);
        return await reader.IsDBNullAsync(0, ct) ? (0, AuditChain.Start, email) : (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1), email);
    }

    private static async Task InsertAsync(DbContext db, AuditRecord record, CancellationToken ct)
    {
        await using var insert = db.CreateTransactionCommand("""
            insert into identity.audit_events (organization_id, sequence, occurred_at, actor_kind, actor_id, actor_name, client_id, ip_address, user_agent,
                action, target_type, target_id, target_name, before, after, previous_hash, hash)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::json, $15::json, $16, $17)
            """);
        object?[] values =
        [
            record.OrganizationId, record.Sequence, record.OccurredAt, AuditChain.KindOf(record), record.ActorId, record.ActorName, record.ClientId,
            record.IpAddress, record.UserAgent, record.Action, record.TargetType, record.TargetId, record.TargetName, record.Before, record.After, record.PreviousHash, record.Hash,
        ];
        foreach (var value in values)
            insert.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        await insert.ExecuteNonQueryAsync(ct);
    }

    private static string? Write(object? fields) => fields is null ? null : JsonSerializer.Serialize(fields, Json);

    private static DateTimeOffset InMicroseconds(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    /// <summary>What a caller says of itself is kept short, and of characters that cannot upset whoever reads it in a terminal.</summary>
    private static string? OneLine(string text) => text.Length == 0
        ? null
        : string.Concat(text.EnumerateRunes().Where(rune => !Rune.IsControl(rune)).Take(MaxUserAgentLength));
}
