using System.Security.Cryptography;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Uses a refresh token (RFC 6749 §6): rotation, reuse detection, and one same successor within the leeway. One use of a family at a time.</summary>
internal sealed class RefreshTokenGrant(IdentityDb db, PersonTokens tokens, TokenFamilies families, TimeProvider clock, IOptions<HubIdentityOptions> options) : ITokenGrant
{
    public Task<(TokenResponse? Response, OAuthError? Error)> IssueAsync(TokenRequest request, CancellationToken ct) => request.Form["refresh_token"] is { } refreshToken
        ? db.InTransactionAsync(() => RefreshAsync(request, refreshToken, ct), ct)
        : Task.FromResult<(TokenResponse?, OAuthError?)>((null, OAuthError.InvalidRequest("refresh_token is missing.")));

    private async Task<(TokenResponse?, OAuthError?)> RefreshAsync(TokenRequest request, string refreshToken, CancellationToken ct)
    {
        var hash = Secrets.Hash(refreshToken);
        var grant = await db.Grants.FromSql($"select * from identity.grants where id = (select grant_id from identity.refresh_tokens where hash = {hash}) for update").SingleOrDefaultAsync(ct);
        if (grant is null)
            return (null, OAuthError.InvalidGrant("The refresh token is not known."));
        var now = clock.GetUtcNow();
        var token = await db.RefreshTokens.SingleAsync(t => t.Hash == hash, ct);
        var decision = RefreshRotation.Decide(
            token, await IsSuccessorUsedAsync(refreshToken, token, ct), grant, await tokens.ReadStateAsync(grant, request.Client, ct), request.Client.Id, request.ProofThumbprint, options.Value.RefreshLeeway, now);
        switch (decision)
        {
            case RefreshRotation.Refuse refused:
                return (null, refused.Error);
            case RefreshRotation.RevokeFamily:
                await families.RevokeAsync(grant.Id, "a refresh token was used again", ct);
                return (null, OAuthError.InvalidGrant("The refresh token was used before. All that came of it is revoked; the person has to sign in again."));
        }
        var (scopes, excess) = Narrow(request.Form["scope"], grant);
        if (scopes is null)
            return (null, excess);
        var (audience, target) = Resources.Choose(request.Form.Resources, grant, options.Value.Issuer, scopes);
        if (audience is null)
            return (null, target);
        if (decision is RefreshRotation.Rotate)
        {
            token.Use(RandomNumberGenerator.GetBytes(32), now);
            tokens.AddRefreshToken(Secrets.Successor(refreshToken, token.SuccessorSalt!), grant);
            await db.SaveChangesAsync(ct);
        }
        return (await tokens.RespondAsync(grant, scopes, audience, request, Secrets.Successor(refreshToken, token.SuccessorSalt!), nonce: null, ct), null);
    }

    /// <summary>The scopes for this access token, all of the grant when none are named; never more than those.</summary>
    private static (IReadOnlyCollection<string>? Scopes, OAuthError? Error) Narrow(string? scope, Grant grant)
    {
        if (scope is null)
            return (grant.Scopes, null);
        return Scopes.Parse(scope) is { } asked && !asked.Except(grant.Scopes).Any() ? (asked, null) : (null, OAuthError.InvalidScope("scope must be among what was granted."));
    }

    private async Task<bool> IsSuccessorUsedAsync(string refreshToken, RefreshToken token, CancellationToken ct)
    {
        if (token.SuccessorSalt is not { } salt)
            return false;
        var hash = Secrets.Hash(Secrets.Successor(refreshToken, salt));
        return await db.RefreshTokens.AnyAsync(successor => successor.Hash == hash && successor.UsedAt != null, ct);
    }
}
