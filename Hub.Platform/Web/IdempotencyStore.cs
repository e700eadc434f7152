using System.Security.Cryptography;
using System.Text.Json;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Primitives;
using Npgsql;

namespace CodeZero.Hub.Platform.Web;

/// <summary>What became of a key.</summary>
internal abstract record IdempotencyState
{
    /// <summary>Nobody else has it: carry the request out.</summary>
    internal sealed record Ours : IdempotencyState;

    internal sealed record Answered(KeptAnswer Answer) : IdempotencyState;

    internal sealed record Refused(int Status, string Code, string Detail, string? RetryAfterSeconds) : IdempotencyState;
}

/// <summary>
/// Keys and answers in <c>platform.idempotency</c>. The handler's transaction marks the row, so that a crash between its commit and the keeping of the answer
/// is known as such: the request is then not carried out twice, and the caller is told to look.
/// </summary>
internal sealed class IdempotencyStore(NpgsqlDataSource database, IDataProtectionProvider protection)
{
    /// <summary>How long a request may take before another try may take its key over.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Life = TimeSpan.FromHours(24);

    // Neither a hash over a body with a password nor an answer with a one-time token may lie open in a stolen database.
    private readonly IDataProtector _protector = protection.CreateProtector("idempotency.v1");

    internal async Task<IdempotencyState> BeginAsync(IdempotentRequest request, CancellationToken ct)
    {
        await using var take = Command("""
            insert into platform.idempotency as row (id, request, locked_until, expires_at) values ($1, $2, now() + $3, now() + $4)
            on conflict (id) do update set request = excluded.request, locked_until = excluded.locked_until, expires_at = excluded.expires_at, carried_out_at = null, answer = null
            where row.expires_at < now() or (row.locked_until < now() and row.carried_out_at is null)
            """, request.Id, _protector.Protect(request.Content), Lease, Life);
        return await take.ExecuteNonQueryAsync(ct) == 1 ? new IdempotencyState.Ours() : await ReadAsync(request, ct);
    }

    /// <summary>Marks the row. False when the request outlived its lease and the one that took its key over was carried out: then this one must not be.</summary>
    internal static async Task<bool> MarkCarriedOutAsync(DbContext db, byte[] id, CancellationToken ct)
    {
        await using var mark = db.CreateTransactionCommand("update platform.idempotency set carried_out_at = now() where id = $1 and carried_out_at is null");
        mark.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = id });
        return await mark.ExecuteNonQueryAsync(ct) == 1;
    }

    internal async Task KeepAsync(IdempotentRequest request, KeptAnswer answer, CancellationToken ct)
    {
        await using var keep = Command("update platform.idempotency set answer = $2, carried_out_at = coalesce(carried_out_at, now()) where id = $1",
            request.Id, _protector.Protect(JsonSerializer.SerializeToUtf8Bytes(answer)));
        await keep.ExecuteNonQueryAsync(ct);
    }

    internal async Task ForgetAsync(IdempotentRequest request, CancellationToken ct)
    {
        await using var forget = Command("delete from platform.idempotency where id = $1 and carried_out_at is null", request.Id);
        await forget.ExecuteNonQueryAsync(ct);
    }

    private async Task<IdempotencyState> ReadAsync(IdempotentRequest request, CancellationToken ct)
    {
        await using var select = Command("select request, answer, carried_out_at is not null and locked_until < now() from platform.idempotency where id = $1", request.Id);
        await using var reader = await select.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            return InProgress; // refused and forgotten in this moment: the next try will have it
        if (!CryptographicOperations.FixedTimeEquals(_protector.Unprotect(reader.GetFieldValue<byte[]>(0)), request.Content))
            return new IdempotencyState.Refused(StatusCodes.Status422UnprocessableEntity, "idempotency.key_reused",
                "This Idempotency-Key came with another request before. Use a new key for a new request.", null);
        if (!await reader.IsDBNullAsync(1, ct))
            return new IdempotencyState.Answered(JsonSerializer.Deserialize<KeptAnswer>(_protector.Unprotect(reader.GetFieldValue<byte[]>(1)))!);
        return reader.GetBoolean(2)
            ? new IdempotencyState.Refused(StatusCodes.Status409Conflict, "idempotency.answer_lost",
                "This request was carried out, but its answer was lost. Read the resource to see what came of it.", null)
            : InProgress;
    }

    internal static IdempotencyState.Refused InProgress { get; } = new(StatusCodes.Status409Conflict, "idempotency.in_progress",
        "The first request with this Idempotency-Key is still under way. Send it again in a moment.", "1");

    private NpgsqlCommand Command(string sql, params object[] values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }
}

/// <summary>An answer as it is kept and given again.</summary>
internal sealed record KeptAnswer(int Status, IReadOnlyDictionary<string, string?[]> Headers, byte[] Body)
{
    private static readonly string[] KeptHeaders = ["Content-Type", "Location", "ETag", "Link", "Cache-Control"];

    internal static KeptAnswer Of(HttpResponse response, MemoryStream body) => new(response.StatusCode,
        KeptHeaders.Where(response.Headers.ContainsKey).ToDictionary(name => name, name => response.Headers[name].ToArray()), body.ToArray());

    internal async Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        foreach (var (name, values) in Headers)
            context.Response.Headers[name] = new StringValues(values);
        context.Response.Headers["Idempotency-Replayed"] = "true";
        await context.Response.Body.WriteAsync(Body, context.RequestAborted);
    }
}
