using System.Security.Cryptography;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>What the token endpoint answers (RFC 6749 §5.1).</summary>
internal sealed record TokenResponse(string AccessToken, string TokenType, long ExpiresIn, string Scope, string? RefreshToken = null, string? IdToken = null)
{
    public static TokenResponse For((string Token, TimeSpan Lifetime) access, bool bound, IEnumerable<string> scopes) =>
        new(access.Token, bound ? "DPoP" : "Bearer", (long)access.Lifetime.TotalSeconds, string.Join(' ', scopes));
}

/// <summary>Codes and refresh tokens into tokens: each decision in one transaction, so that of any number of parallel requests one wins.</summary>
internal sealed partial class TokenGrants(IdentityDb db, TokenIssuer tokens, TimeProvider clock, IOptions<HubIdentityOptions> options, ILogger<TokenGrants> log)
{
    /// <summary>Redeems an authorization code. The first try uses it up, whatever comes of it; any further one ends the whole family (RFC 6749 §4.1.2).</summary>
    public Task<(TokenResponse? Response, OAuthError? Error)> RedeemAsync(
        Client client, string code, string? redirectUri, string verifier, string? proofThumbprint, CancellationToken ct) => db.InTransactionAsync<IdentityDb, (TokenResponse?, OAuthError?)>(async () =>
    {
        var (hash, now) = (Secrets.Hash(code), clock.GetUtcNow());
        var first = await db.AuthorizationCodes.Where(c => c.Hash == hash && c.ClientId == client.Id && c.RedeemedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.RedeemedAt, now), ct) == 1;
        var row = await db.AuthorizationCodes.AsNoTracking().SingleOrDefaultAsync(c => c.Hash == hash, ct);
        if (row is null || row.ClientId != client.Id)
            return (null, OAuthError.InvalidGrant("The code is not known."));
        if (!first)
        {
            await RevokeAsync(row.GrantId, "an authorization code was used again", ct);
            return (null, OAuthError.InvalidGrant("The code was used before. All that came of it is revoked."));
        }
        var grant = await db.Grants.SingleAsync(g => g.Id == row.GrantId, ct);
        if (CodeRedemption.FindError(row, grant, await ReadStateAsync(grant, now, ct), redirectUri, verifier, proofThumbprint, now) is { } error)
            return (null, error);
        grant.BindTo(proofThumbprint);
        var refreshToken = MayRefresh(client, grant) ? Secrets.New() : null;
        if (refreshToken is not null)
            db.Add(NewToken(refreshToken, grant, now));
        await db.SaveChangesAsync(ct);
        return (await RespondAsync(grant, grant.Scopes, proofThumbprint, refreshToken, row.Nonce, ct), null);
    }, ct);

    /// <summary>Uses a refresh token: rotation, reuse detection, and one same successor within the leeway.</summary>
    /// <param name="scope">The scopes for this access token, null for all of the grant; never more than those.</param>
    public Task<(TokenResponse? Response, OAuthError? Error)> RefreshAsync(
        Client client, string refreshToken, string? scope, string? proofThumbprint, CancellationToken ct) => db.InTransactionAsync<IdentityDb, (TokenResponse?, OAuthError?)>(async () =>
    {
        var hash = Secrets.Hash(refreshToken);
        // One use of a family at a time.
        var grant = await db.Grants.FromSql($"select * from identity.grants where id = (select grant_id from identity.refresh_tokens where hash = {hash}) for update").SingleOrDefaultAsync(ct);
        if (grant is null)
            return (null, OAuthError.InvalidGrant("The refresh token is not known."));
        var now = clock.GetUtcNow();
        var token = await db.RefreshTokens.SingleAsync(t => t.Hash == hash, ct);
        var decision = RefreshRotation.Decide(
            token, await IsSuccessorUsedAsync(refreshToken, token, ct), grant, await ReadStateAsync(grant, now, ct), client.Id, proofThumbprint, options.Value.RefreshLeeway, now);
        switch (decision)
        {
            case RefreshRotation.Refuse refused:
                return (null, refused.Error);
            case RefreshRotation.RevokeFamily:
                await RevokeAsync(grant.Id, "a refresh token was used again", ct);
                return (null, OAuthError.InvalidGrant("The refresh token was used before. All that came of it is revoked; the person has to sign in again."));
        }
        var granted = scope is null ? [.. grant.Scopes] : Scopes.Parse(scope);
        if (granted is not { } scopes || scopes.Except(grant.Scopes).Any())
            return (null, OAuthError.InvalidScope("scope must be among what was granted."));
        if (decision is RefreshRotation.Rotate)
        {
            token.Use(RandomNumberGenerator.GetBytes(32), now);
            db.Add(NewToken(Secrets.Successor(refreshToken, token.SuccessorSalt!), grant, now));
            await db.SaveChangesAsync(ct);
        }
        return (await RespondAsync(grant, scopes, proofThumbprint, Secrets.Successor(refreshToken, token.SuccessorSalt!), nonce: null, ct), null);
    }, ct);

    /// <summary>OpenID Connect Core §11.</summary>
    private static bool MayRefresh(Client client, Grant grant) => grant.Scopes.Contains(Scopes.OfflineAccess) && client.Grants.Contains(GrantTypes.RefreshToken);

    private RefreshToken NewToken(string secret, Grant grant, DateTimeOffset now)
    {
        var idle = now + options.Value.RefreshIdleLifetime;
        return new(Secrets.Hash(secret), grant.Id, idle < grant.ExpiresAt ? idle : grant.ExpiresAt);
    }

    private async Task<bool> IsSuccessorUsedAsync(string refreshToken, RefreshToken token, CancellationToken ct)
    {
        if (token.SuccessorSalt is not { } salt)
            return false;
        var hash = Secrets.Hash(Secrets.Successor(refreshToken, salt));
        return await db.RefreshTokens.AnyAsync(successor => successor.Hash == hash && successor.UsedAt != null, ct);
    }

    private async Task<GrantState> ReadStateAsync(Grant grant, DateTimeOffset now, CancellationToken ct)
    {
        var person = await db.Users.AsNoTracking().SingleOrDefaultAsync(p => p.Id == grant.UserId, ct);
        var consent = await db.Consents.AsNoTracking().SingleOrDefaultAsync(c => c.UserId == grant.UserId && c.ClientId == grant.ClientId, ct);
        var live = await db.Sessions.AnyAsync(session => session.Id == grant.SessionId && session.EndedAt == null && session.ExpiresAt > now, ct);
        return new(person, consent is not null && grant.Scopes.All(consent.Scopes.Contains), live);
    }

    private async Task<TokenResponse> RespondAsync(Grant grant, IReadOnlyCollection<string> scopes, string? proofThumbprint, string? refreshToken, string? nonce, CancellationToken ct)
    {
        var access = await tokens.ForPersonAsync(grant, scopes, proofThumbprint, ct);
        return TokenResponse.For(access, proofThumbprint is not null, scopes) with
        {
            RefreshToken = refreshToken,
            IdToken = scopes.Contains(Scopes.OpenId) ? await tokens.IdTokenAsync(grant, access.Token, nonce, ct) : null,
        };
    }

    private async Task RevokeAsync(Guid grantId, string reason, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (await db.Grants.Where(grant => grant.Id == grantId && grant.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(grant => grant.RevokedAt, now), ct) == 1)
            Revoked(log, grantId, reason);
    }

    [LoggerMessage(1010, LogLevel.Warning, "Revoked grant {Grant}: {Reason}")]
    private static partial void Revoked(ILogger log, Guid grant, string reason);
}
