using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Data;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Domain;

/// <summary>An application that a person allowed something.</summary>
/// <param name="Name">What it is called; its client identifier when it is gone.</param>
/// <param name="LastUsedAt">When it last began or renewed a connection; null when that is longer ago than is kept.</param>
internal sealed record AllowedApplication(string ClientId, string Name, IReadOnlyList<string> Scopes, DateTimeOffset GivenAt, DateTimeOffset? LastUsedAt);

/// <summary>What people allowed applications, to see and to take back.</summary>
internal sealed class Consents(IdentityDb db, ClientRegistry clients, TokenFamilies families)
{
    /// <summary>What the person allowed, the last given first.</summary>
    public async Task<IReadOnlyList<AllowedApplication>> ListAsync(Guid userId, CancellationToken ct)
    {
        var rows = await db.Consents.AsNoTracking().Where(consent => consent.UserId == userId).OrderByDescending(consent => consent.GivenAt)
            .Select(consent => new
            {
                Consent = consent,
                Begun = db.Grants.Where(grant => grant.UserId == userId && grant.ClientId == consent.ClientId).Max(grant => (DateTimeOffset?)grant.CreatedAt),
                Renewed = db.RefreshTokens.Where(token => db.Grants.Any(grant => grant.Id == token.GrantId && grant.UserId == userId && grant.ClientId == consent.ClientId)).Max(token => token.UsedAt),
            }).ToListAsync(ct);
        var applications = new List<AllowedApplication>(rows.Count);
        foreach (var row in rows)
            applications.Add(new(row.Consent.ClientId, (await clients.FindAsync(row.Consent.ClientId, ct))?.Name ?? row.Consent.ClientId, row.Consent.Scopes, row.Consent.GivenAt,
                row.Renewed > row.Begun ? row.Renewed : row.Begun));
        return applications;
    }

    /// <summary>Takes back what the person allowed a client: every connection of it ends, and it has to ask again. False when there was nothing.</summary>
    public Task<bool> RevokeAsync(Guid userId, string clientId, CancellationToken ct) => db.InTransactionAsync(async () =>
    {
        var removed = await db.Consents.Where(consent => consent.UserId == userId && consent.ClientId == clientId).ExecuteDeleteAsync(ct);
        await families.RevokeOfPersonAsync(userId, clientId, "the person took back what they had allowed", ct);
        return removed > 0;
    }, ct);
}
