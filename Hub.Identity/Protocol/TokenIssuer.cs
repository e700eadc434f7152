using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>An access token, and how long it lives.</summary>
internal sealed record AccessToken(string Token, TimeSpan Lifetime);

/// <summary>Makes access tokens (RFC 9068, ES256) and ID tokens (OpenID Connect Core §2, RS256 or the client's choice).</summary>
internal sealed class TokenIssuer(SigningKeys keys, IOptions<HubIdentityOptions> options, TimeProvider clock)
{
    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };
    private readonly HubIdentityOptions _options = options.Value;

    /// <summary>The claim of a person's access token that names its grant, so that the provider can tell whether it still stands.</summary>
    public const string GrantClaim = "grant_id";

    /// <summary>The longest life of an ID token for an API server, which cannot be told of a revocation.</summary>
    private static readonly TimeSpan MaxClusterLifetime = TimeSpan.FromMinutes(10);

    /// <summary>An access token that acts for a person.</summary>
    public async Task<AccessToken> ForPersonAsync(Grant grant, IReadOnlyCollection<string> scopes, string audience, string? dpopJkt, CancellationToken ct)
    {
        var claims = AccessClaims(audience, grant.UserId.ToString(), grant.ClientId, scopes, dpopJkt, _options.AccessTokenLifetime);
        claims[GrantClaim] = grant.Id.ToString();
        claims["auth_time"] = grant.AuthenticatedAt.ToUnixTimeSeconds(); // RFC 9068 §2.2.1
        claims["amr"] = Methods(grant);
        if (grant.LimitedTo is { } organization)
            claims[OrganizationRule.LimitClaim] = organization.ToString();
        return await SignAccessTokenAsync(claims, _options.AccessTokenLifetime, ct);
    }

    /// <summary>An access token that acts for a client itself.</summary>
    public Task<AccessToken> ForClientAsync(string clientId, IReadOnlyCollection<string> scopes, string audience, string? dpopJkt, CancellationToken ct) =>
        SignAccessTokenAsync(AccessClaims(audience, clientId, clientId, scopes, dpopJkt, _options.AccessTokenLifetime), _options.AccessTokenLifetime, ct);

    /// <summary>An access token that acts for a machine itself, bound to its key.</summary>
    public Task<AccessToken> ForMachineAsync(MachineClient machine, string dpopJkt, CancellationToken ct)
    {
        var claims = AccessClaims(machine.Audience, machine.ClientId, machine.ClientId, [machine.Scope], dpopJkt, machine.TokenLifetime);
        foreach (var (name, value) in machine.Claims)
            claims.TryAdd(name, value); // never over one of ours
        return SignAccessTokenAsync(claims, machine.TokenLifetime, ct);
    }

    /// <summary>Who signed in, when, for this client.</summary>
    /// <param name="algorithm">The client's, one of <see cref="SigningAlgorithms"/>.</param>
    /// <param name="nonce">Of the authorization request; null after a refresh (§12.2).</param>
    public async Task<string> IdTokenAsync(Grant grant, string algorithm, string accessToken, string? nonce, CancellationToken ct)
    {
        var claims = IdClaims(grant, grant.ClientId, _options.IdTokenLifetime);
        claims["sid"] = grant.SessionId.ToString();
        claims["at_hash"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)).AsSpan(..16)); // §3.1.3.6: the left half
        if (nonce is not null)
            claims["nonce"] = nonce;
        return await SignIdTokenAsync(claims, algorithm, ct);
    }

    /// <summary>Who somebody is to a cluster's API server. RS256, which every one accepts.</summary>
    /// <param name="audience">The cluster's, a <see cref="ClusterAudience"/>.</param>
    public async Task<(string Token, TimeSpan Lifetime)> ForClusterAsync(Grant grant, Person person, string audience, IEnumerable<string> groups, CancellationToken ct)
    {
        var lifetime = _options.IdTokenLifetime < MaxClusterLifetime ? _options.IdTokenLifetime : MaxClusterLifetime;
        var claims = IdClaims(grant, audience, lifetime);
        claims["azp"] = grant.ClientId;
        claims["jti"] = NewId(clock.GetUtcNow()); // the API server's audit log names it
        claims["email"] = person.Email;
        claims["email_verified"] = person.EmailConfirmed;
        claims["groups"] = new JsonArray([.. groups.Select(group => JsonValue.Create(group))]);
        return (await SignIdTokenAsync(claims, SigningAlgorithms.Rs256, ct), lifetime);
    }

    private JsonObject IdClaims(Grant grant, string audience, TimeSpan lifetime)
    {
        var now = clock.GetUtcNow();
        var claims = new JsonObject
        {
            ["iss"] = _options.Issuer,
            ["sub"] = grant.UserId.ToString(),
            ["aud"] = audience,
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + lifetime).ToUnixTimeSeconds(),
            ["auth_time"] = grant.AuthenticatedAt.ToUnixTimeSeconds(),
            ["amr"] = Methods(grant),
        };
        if (grant.LimitedTo is { } organization)
            claims[OrganizationRule.LimitClaim] = organization.ToString();
        return claims;
    }

    private async Task<string> SignIdTokenAsync(JsonObject claims, string algorithm, CancellationToken ct) =>
        _handler.CreateToken(claims.ToJsonString(), await keys.GetCurrentAsync(algorithm, ct), Header("JWT"));

    private static string NewId(DateTimeOffset now) => Guid.CreateVersion7(now).ToString("N", CultureInfo.InvariantCulture);

    private static JsonArray Methods(Grant grant) => [.. grant.Amr];

    private JsonObject AccessClaims(string audience, string subject, string clientId, IReadOnlyCollection<string> scopes, string? dpopJkt, TimeSpan lifetime)
    {
        var now = clock.GetUtcNow();
        var claims = new JsonObject
        {
            ["iss"] = _options.Issuer,
            ["aud"] = audience,
            ["sub"] = subject,
            ["client_id"] = clientId,
            ["jti"] = NewId(now),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + lifetime).ToUnixTimeSeconds(),
        };
        if (scopes.Count > 0)
            claims["scope"] = string.Join(' ', scopes);
        if (dpopJkt is not null)
            claims["cnf"] = new JsonObject { ["jkt"] = dpopJkt };
        return claims;
    }

    private async Task<AccessToken> SignAccessTokenAsync(JsonObject claims, TimeSpan lifetime, CancellationToken ct) =>
        new(_handler.CreateToken(claims.ToJsonString(), await keys.GetCurrentAsync(SigningAlgorithms.Es256, ct), Header("at+jwt")), lifetime);

    private static Dictionary<string, object> Header(string type) => new() { ["typ"] = type };
}
