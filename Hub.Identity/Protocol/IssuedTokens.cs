using System.Text.Json;
using CodeZero.Hub.Identity.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>The access tokens of this provider, when they come back to it: at userinfo, introspection and revocation.</summary>
internal sealed class IssuedTokens(IdentityDb db, SigningKeys keys, PersonTokens people, ClientRegistry clients, TimeProvider clock, IOptions<HubIdentityOptions> options)
{
    private static readonly JsonWebTokenHandler Handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = CompactJws.MaxLength };

    /// <summary>The token, when this provider signed it and it has not expired; whether it still stands is another question.</summary>
    public async Task<JsonWebToken?> ReadAsync(string token, CancellationToken ct)
    {
        var result = await Handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = options.Value.Issuer,
            ValidateAudience = false, // whoever it is for
            ValidTypes = ["at+jwt"],
            ValidAlgorithms = [SigningAlgorithms.Es256],
            IssuerSigningKeys = await keys.GetPublishedAsync(ct),
            LifetimeValidator = (_, expires, _, _) => expires > clock.GetUtcNow().UtcDateTime,
        });
        return result.IsValid ? (JsonWebToken)result.SecurityToken : null;
    }

    /// <summary>Whether what it stands on still stands: its grant, or else its client; and nobody gave it back.</summary>
    public async Task<bool> StandsAsync(JsonWebToken token, CancellationToken ct)
    {
        if (GrantOf(token) is { } grant)
            return await GrantStandsAsync(grant, ct);
        var hash = Secrets.Hash(token.Id);
        return await clients.FindAsync(ClientIdOf(token), ct) is { IsEnabled: true } && !await db.RevokedTokens.AnyAsync(revoked => revoked.Hash == hash, ct);
    }

    /// <summary>Whether what a person's sign-in allowed an application still stands.</summary>
    public async Task<bool> GrantStandsAsync(Guid id, CancellationToken ct) => await db.Grants.AsNoTracking().SingleOrDefaultAsync(grant => grant.Id == id, ct) is { } grant
        && (await people.ReadStateAsync(grant, await clients.FindAsync(grant.ClientId, ct), ct)).FindError(grant, clock.GetUtcNow()) is null;

    /// <summary>Ends a token without a grant.</summary>
    public async Task EndAsync(JsonWebToken token, CancellationToken ct)
    {
        var (hash, expiresAt) = (Secrets.Hash(token.Id), new DateTimeOffset(token.ValidTo));
        await db.Database.ExecuteSqlAsync($"insert into identity.revoked_tokens (hash, expires_at) values ({hash}, {expiresAt}) on conflict do nothing", ct);
    }

    /// <summary>The grant of a person's token; null for a client's own.</summary>
    public static Guid? GrantOf(JsonWebToken token) => token.TryGetPayloadValue<string>(TokenIssuer.GrantClaim, out var text) && Guid.TryParse(text, out var id) ? id : null;

    /// <summary>The thumbprint of the key that the token is bound to (RFC 9449 §6.1); null when it is bound to none.</summary>
    public static string? BoundKeyOf(JsonWebToken token) => token.TryGetPayloadValue<JsonElement>("cnf", out var confirmation) ? confirmation.Text("jkt") : null;

    public static string ClientIdOf(JsonWebToken token) => token.GetPayloadValue<string>("client_id");
}
