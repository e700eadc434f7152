using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// Redeems an authorization code (RFC 6749 §4.1.3), in one transaction, so that of any number of parallel requests one wins. The first try uses the code up,
/// whatever comes of it; any further one ends the whole family (§4.1.2).
/// </summary>
internal sealed class AuthorizationCodeGrant(IdentityDb db, PersonTokens tokens, TokenFamilies families, TimeProvider clock, IOptions<HubIdentityOptions> options) : ITokenGrant
{
    public Task<(TokenResponse? Response, OAuthError? Error)> IssueAsync(TokenRequest request, CancellationToken ct)
    {
        if (request.Form["code"] is not { } code)
            return Task.FromResult<(TokenResponse?, OAuthError?)>((null, OAuthError.InvalidRequest("code is missing.")));
        if (request.Form["code_verifier"] is not { } verifier || !Pkce.IsVerifier(verifier))
            return Task.FromResult<(TokenResponse?, OAuthError?)>((null, OAuthError.InvalidRequest("code_verifier is missing, or not 43 to 128 unreserved characters.")));
        return db.InTransactionAsync(() => RedeemAsync(request, code, verifier, ct), ct);
    }

    private async Task<(TokenResponse?, OAuthError?)> RedeemAsync(TokenRequest request, string code, string verifier, CancellationToken ct)
    {
        var (hash, now, clientId) = (Secrets.Hash(code), clock.GetUtcNow(), request.Client.Id);
        var first = await db.AuthorizationCodes.Where(c => c.Hash == hash && c.ClientId == clientId && c.RedeemedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.RedeemedAt, now), ct) == 1;
        var row = await db.AuthorizationCodes.AsNoTracking().SingleOrDefaultAsync(c => c.Hash == hash, ct);
        if (row is null || row.ClientId != clientId)
            return (null, OAuthError.InvalidGrant("The code is not known."));
        if (!first)
        {
            await families.RevokeAsync(row.GrantId, "an authorization code was used again", ct);
            return (null, OAuthError.InvalidGrant("The code was used before. All that came of it is revoked."));
        }
        var grant = await db.Grants.SingleAsync(g => g.Id == row.GrantId, ct);
        if (CodeRedemption.FindError(row, grant, await tokens.ReadStateAsync(grant, request.Client, ct), request.Form["redirect_uri"], verifier, request.ProofThumbprint, now) is { } error)
            return (null, error);
        var (audience, target) = Resources.Choose(request.Form.Resources, grant, options.Value.Issuer);
        return audience is null ? (null, target) : (await tokens.BeginAsync(grant, audience, request, row.Nonce, ct), null);
    }
}
