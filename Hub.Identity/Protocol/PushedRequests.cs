using System.Text.Json;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Authorization requests that clients pushed (RFC 9126): good once, for a minute and a half, for their own client.</summary>
internal sealed class PushedRequests(IdentityDb db, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(90);

    private const string Prefix = "urn:ietf:params:oauth:request_uri:";

    /// <summary>Whether a <c>request_uri</c> is one of ours, and not an address somewhere (OpenID Connect Core §6.2), which is never fetched.</summary>
    public static bool IsReference(string requestUri) => requestUri.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Keeps a request that was checked; its reference, with 256 random bits (§7.1).</summary>
    public async Task<string> KeepAsync(AuthorizationRequest request, CancellationToken ct)
    {
        var secret = Secrets.New();
        db.Add(new PushedRequest(Secrets.Hash(secret), request.ClientId, JsonSerializer.Serialize(request), clock.GetUtcNow() + Lifetime));
        await db.SaveChangesAsync(ct);
        return Prefix + secret;
    }

    /// <summary>Takes the request up, once; null when there is none, it has expired, or it is another client's, whose it then stays.</summary>
    public async Task<AuthorizationRequest?> TakeAsync(string requestUri, string clientId, CancellationToken ct)
    {
        var (hash, now) = (Secrets.Hash(requestUri[Prefix.Length..]), clock.GetUtcNow());
        var taken = await db.PushedRequests.FromSql($"delete from identity.pushed_requests where hash = {hash} and client_id = {clientId} and expires_at > {now} returning *").AsNoTracking().ToListAsync(ct);
        return taken is [var row] ? JsonSerializer.Deserialize<AuthorizationRequest>(row.Request) : null;
    }
}
