using System.Text.Json;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Authorization requests on their way: kept while a person signs in and consents, and turned into a code in the end.</summary>
internal sealed class Authorizations(IdentityDb db, TimeProvider clock, IOptions<HubIdentityOptions> options)
{
    /// <summary>How long a request waits for its person.</summary>
    private static readonly TimeSpan PendingLifetime = TimeSpan.FromMinutes(15);

    /// <summary>A request that waits.</summary>
    public sealed record Pending(byte[] Hash, AuthorizationRequest Request, DateTimeOffset BegunAt);

    /// <summary>Keeps a request, and gives the handle that the browser carries from page to page.</summary>
    public async Task<string> KeepAsync(AuthorizationRequest request, CancellationToken ct)
    {
        var (handle, now) = (Secrets.New(), clock.GetUtcNow());
        db.Add(new PendingAuthorization(Secrets.Hash(handle), JsonSerializer.Serialize(request), now, now + PendingLifetime));
        await db.SaveChangesAsync(ct);
        return handle;
    }

    /// <summary>The request of a handle; null when there is none, or it was completed, or it waited too long.</summary>
    public async Task<Pending?> FindAsync(string? handle, CancellationToken ct)
    {
        if (handle is not { Length: Secrets.Length })
            return null;
        var (hash, now) = (Secrets.Hash(handle), clock.GetUtcNow());
        var row = await db.PendingAuthorizations.AsNoTracking().SingleOrDefaultAsync(pending => pending.Hash == hash && pending.ExpiresAt > now, ct);
        return row is null ? null : new(row.Hash, JsonSerializer.Deserialize<AuthorizationRequest>(row.Request)!, row.CreatedAt);
    }

    /// <summary>Whether the person allowed this client these scopes before.</summary>
    public async Task<bool> IsConsentedAsync(Guid userId, string clientId, IEnumerable<string> scopes, CancellationToken ct)
    {
        var consent = await db.Consents.AsNoTracking().SingleOrDefaultAsync(c => c.UserId == userId && c.ClientId == clientId, ct);
        return consent is not null && scopes.All(consent.Scopes.Contains);
    }

    /// <summary>Ends a waiting request. False when somebody else has ended it.</summary>
    public async Task<bool> CompleteAsync(Pending pending, CancellationToken ct) =>
        await db.PendingAuthorizations.Where(row => row.Hash == pending.Hash).ExecuteDeleteAsync(ct) == 1;

    /// <summary>Issues the code, once per waiting request; null when another tab was faster.</summary>
    /// <param name="pending">The request that waited; null for one that needed nobody.</param>
    /// <param name="limitedTo">The one organization that its tokens are for.</param>
    public Task<string?> IssueCodeAsync(AuthorizationRequest request, Client client, Pending? pending, SignedIn session, Guid? limitedTo, CancellationToken ct) => db.InTransactionAsync<IdentityDb, string?>(async () =>
    {
        if (pending is not null && !await CompleteAsync(pending, ct))
            return null;
        var grant = await BeginGrantAsync(client, [.. request.Scopes], [.. request.Resources], session, limitedTo, ct);
        var code = Secrets.New();
        db.Add(new AuthorizationCode(
            Secrets.Hash(code), grant.Id, request.ClientId, request.RedirectUri, request.CodeChallenge, request.Nonce, request.DpopJkt, clock.GetUtcNow() + options.Value.CodeLifetime));
        await db.SaveChangesAsync(ct);
        return code;
    }, ct);

    /// <summary>
    /// What the person allows the client: remembered, and a grant of this session, which the caller saves in its transaction. What an organization's provider vouched for is remembered
    /// for nothing else, and ends with the session's time: then the provider is asked again.
    /// </summary>
    /// <param name="limitedTo">The one organization that its tokens are for.</param>
    public async Task<Grant> BeginGrantAsync(Client client, string[] scopes, string[] resources, SignedIn session, Guid? limitedTo, CancellationToken ct)
    {
        if (session.LimitedTo is null)
            await RememberConsentAsync(session.UserId, client.Id, scopes, ct);
        var now = clock.GetUtcNow();
        var endsAt = session.LimitedTo is null ? now + options.Value.RefreshAbsoluteLifetime : session.AuthenticatedAt + options.Value.SessionLifetime;
        var grant = new Grant(Guid.CreateVersion7(now), session.UserId, client.Id, scopes, session.SessionId, session.SecurityStamp, [.. session.Amr], session.AuthenticatedAt,
            now, endsAt, resources, client.OrganizationId, limitedTo);
        db.Add(grant);
        return grant;
    }

    /// <summary>Adds to what was allowed before; two tabs at once both count.</summary>
    private async Task RememberConsentAsync(Guid userId, string clientId, string[] scopes, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await db.Database.ExecuteSqlAsync($"""
            insert into identity.consents as c (user_id, client_id, scopes, given_at) values ({userId}, {clientId}, {scopes}, {now})
            on conflict (user_id, client_id) do update set given_at = excluded.given_at,
                scopes = (select array_agg(distinct scope) from unnest(c.scopes || excluded.scopes) as scope)
            where not c.scopes @> excluded.scopes
            """, ct);
    }
}
