using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Tokens that act for a person: what every grant that a person gave has in common.</summary>
internal sealed class PersonTokens(IdentityDb db, TokenIssuer tokens, TimeProvider clock, IOptions<HubIdentityOptions> options)
{
    /// <summary>The first tokens of a grant, bound to the proof's key. Runs in the caller's transaction, which holds the grant.</summary>
    /// <param name="audience">Of the access token, by <see cref="Resources.Choose"/>.</param>
    public async Task<TokenResponse> BeginAsync(Grant grant, string audience, TokenRequest request, string? nonce, CancellationToken ct)
    {
        grant.BindTo(request.ProofThumbprint);
        var refreshToken = MayRefresh(request.Client, grant) ? Secrets.New() : null;
        if (refreshToken is not null)
            AddRefreshToken(refreshToken, grant);
        await db.SaveChangesAsync(ct);
        return await RespondAsync(grant, grant.Scopes, audience, request, refreshToken, nonce, ct);
    }

    /// <summary>Tokens of a grant; a refresh token that is passed on is already kept.</summary>
    public async Task<TokenResponse> RespondAsync(
        Grant grant, IReadOnlyCollection<string> scopes, string audience, TokenRequest request, string? refreshToken, string? nonce, CancellationToken ct)
    {
        IReadOnlyCollection<string> accessScopes = audience == Audiences.Api(options.Value.Issuer) ? scopes : [.. scopes.Except([Scopes.Hub])];
        var access = await tokens.ForPersonAsync(grant, accessScopes, audience, request.ProofThumbprint, ct);
        return TokenResponse.For(access, request.ProofThumbprint is not null, accessScopes) with
        {
            RefreshToken = refreshToken,
            IdToken = scopes.Contains(Scopes.OpenId) ? await tokens.IdTokenAsync(grant, request.Client.IdTokenAlgorithm, access.Token, nonce, ct) : null,
        };
    }

    public void AddRefreshToken(string secret, Grant grant)
    {
        var idle = clock.GetUtcNow() + options.Value.RefreshIdleLifetime;
        db.Add(new RefreshToken(Secrets.Hash(secret), grant.Id, idle < grant.ExpiresAt ? idle : grant.ExpiresAt));
    }

    /// <summary>What the grant stands on, as it is now.</summary>
    /// <param name="client">The grant's; null when there is none any more.</param>
    public async Task<GrantState> ReadStateAsync(Grant grant, Client? client, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var person = await db.Users.AsNoTracking().SingleOrDefaultAsync(p => p.Id == grant.UserId, ct);
        var consent = await db.Consents.AsNoTracking().SingleOrDefaultAsync(c => c.UserId == grant.UserId && c.ClientId == grant.ClientId, ct);
        var live = await db.Sessions.AnyAsync(session => session.Id == grant.SessionId && session.EndedAt == null && session.ExpiresAt > now, ct);
        var allowed = client is { IsEnabled: true } && grant.Scopes.All(client.Scopes.Contains) && Resources.FindError(grant.Resources, client, options.Value.Issuer) is null;
        return new(person, grant.IsFederated || (consent is not null && grant.Scopes.All(consent.Scopes.Contains)), allowed, live);
    }

    /// <summary>OpenID Connect Core §11.</summary>
    private static bool MayRefresh(Client client, Grant grant) => grant.Scopes.Contains(Scopes.OfflineAccess) && client.Grants.Contains(GrantTypes.RefreshToken);
}
