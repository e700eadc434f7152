using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace CodeZero.Hub.Platform.Security;

/// <summary>
/// What may be used once: DPoP proofs, client assertions. Shared by all replicas through an unlogged table, kept until the thing has expired by itself.
/// After a crash of PostgreSQL the table is empty; a proof of the last minute, stolen together with the means to use it, could then be used a second time.
/// </summary>
public sealed class ReplayCache(NpgsqlDataSource database)
{
    /// <summary>Uses a thing up. False when it was used before, also when two replicas try at once.</summary>
    /// <param name="kind">What it is, such as <c>dpop</c>: the same id under another kind is another thing.</param>
    /// <param name="id">What makes it unique; only its hash is kept.</param>
    /// <param name="expiresAt">When it is refused for its age anyway.</param>
    public async Task<bool> TryUseAsync(string kind, string id, DateTimeOffset expiresAt, CancellationToken ct)
    {
        await using var insert = database.CreateCommand("insert into platform.replays (id, expires_at) values ($1, $2) on conflict do nothing");
        insert.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = SHA256.HashData(Encoding.UTF8.GetBytes($"{kind}:{id}")) });
        insert.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = expiresAt.UtcDateTime });
        return await insert.ExecuteNonQueryAsync(ct) == 1;
    }
}
