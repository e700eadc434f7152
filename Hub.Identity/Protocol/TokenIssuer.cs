using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>Makes access tokens (RFC 9068, ES256) and ID tokens (OpenID Connect Core §2, RS256).</summary>
internal sealed class TokenIssuer(SigningKeys keys, IOptions<HubIdentityOptions> options, TimeProvider clock)
{
    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly HubIdentityOptions _options = options.Value;

    /// <summary>An access token that acts for a person. Only with scope <c>hub</c> it is for the Hub's API; else for the provider alone.</summary>
    public async Task<(string Token, TimeSpan Lifetime)> ForPersonAsync(Grant grant, IReadOnlyCollection<string> scopes, string? dpopJkt, CancellationToken ct)
    {
        var audience = scopes.Contains(Scopes.Hub) ? Audiences.Api(_options.Issuer) : _options.Issuer;
        var claims = AccessClaims(audience, grant.UserId.ToString(), grant.ClientId, string.Join(' ', scopes), dpopJkt, _options.AccessTokenLifetime);
        claims["auth_time"] = grant.AuthenticatedAt.ToUnixTimeSeconds(); // RFC 9068 §2.2.1
        claims["amr"] = Methods(grant);
        return (await SignAccessTokenAsync(claims, ct), _options.AccessTokenLifetime);
    }

    /// <summary>An access token that acts for a machine itself, bound to its key.</summary>
    public async Task<(string Token, TimeSpan Lifetime)> ForMachineAsync(MachineClient machine, string dpopJkt, CancellationToken ct)
    {
        var claims = AccessClaims(machine.Audience, machine.ClientId, machine.ClientId, machine.Scope, dpopJkt, machine.TokenLifetime);
        foreach (var (name, value) in machine.Claims)
            claims.TryAdd(name, value); // never over one of ours
        return (await SignAccessTokenAsync(claims, ct), machine.TokenLifetime);
    }

    /// <summary>Who signed in, when, for this client.</summary>
    /// <param name="nonce">Of the authorization request; null after a refresh (§12.2).</param>
    public async Task<string> IdTokenAsync(Grant grant, string accessToken, string? nonce, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var claims = new JsonObject
        {
            ["iss"] = _options.Issuer,
            ["sub"] = grant.UserId.ToString(),
            ["aud"] = grant.ClientId,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + _options.IdTokenLifetime).ToUnixTimeSeconds(),
            ["auth_time"] = grant.AuthenticatedAt.ToUnixTimeSeconds(),
            ["amr"] = Methods(grant),
            ["at_hash"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)).AsSpan(..16)), // §3.1.3.6: the left half
        };
        if (nonce is not null)
            claims["nonce"] = nonce;
        return _handler.CreateToken(claims.ToJsonString(), await keys.GetCurrentAsync(SigningAlgorithms.Rs256, ct), Header("JWT"));
    }

    private static JsonArray Methods(Grant grant) => [.. grant.Amr];

    private JsonObject AccessClaims(string audience, string subject, string clientId, string scope, string? dpopJkt, TimeSpan lifetime)
    {
        var now = clock.GetUtcNow();
        var claims = new JsonObject
        {
            ["iss"] = _options.Issuer,
            ["aud"] = audience,
            ["sub"] = subject,
            ["client_id"] = clientId,
            ["scope"] = scope,
            ["jti"] = Guid.CreateVersion7(now).ToString("N", CultureInfo.InvariantCulture),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + lifetime).ToUnixTimeSeconds(),
        };
        if (dpopJkt is not null)
            claims["cnf"] = new JsonObject { ["jkt"] = dpopJkt };
        return claims;
    }

    private async Task<string> SignAccessTokenAsync(JsonObject claims, CancellationToken ct) =>
        _handler.CreateToken(claims.ToJsonString(), await keys.GetCurrentAsync(SigningAlgorithms.Es256, ct), Header("at+jwt"));

    private static Dictionary<string, object> Header(string type) => new() { ["typ"] = type };
}
