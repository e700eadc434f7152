using System.Buffers.Text;
using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Features;

/// <summary>
/// POST /connect/introspection (RFC 7662): tells a confidential client about a token of its own, or an access token for a resource that it serves. All others, and
/// what has ended, are <c>{"active":false}</c> and nothing else (§2.2).
/// </summary>
internal static class Introspection
{
    /// <summary>The claims told, of those that an access token has.</summary>
    private static readonly string[] Told = ["iss", "sub", "aud", "client_id", "scope", "jti", "iat", "exp", "auth_time", "amr", "org", "cnf"];

    internal sealed class Endpoint(ClientAuthentication clients, IdentityDb db, PersonTokens people, IssuedTokens issued, IOptions<HubIdentityOptions> options, TimeProvider clock)
    {
        public async Task<IResult> HandleAsync(HttpContext context, CancellationToken ct)
        {
            var (form, malformed) = await FormBody.ReadAsync(context.Request, ct);
            if (form is null)
                return OAuthAnswer.Refuse(malformed!, context.Request);
            var (client, unauthenticated) = await clients.AuthenticateAsync(context.Request, form, ct);
            if (client is null or { IsPublic: true })
                return OAuthAnswer.Refuse(unauthenticated ?? OAuthError.InvalidClient("Only clients that authenticate may introspect tokens (RFC 7662 section 2.1)."), context.Request);
            if (form["token"] is not { } token)
                return OAuthAnswer.Refuse(OAuthError.InvalidRequest("token is missing."), context.Request);
            var active = token.Length == Secrets.Length ? await DescribeRefreshTokenAsync(token, client, ct) : await DescribeAccessTokenAsync(token, client, ct);
            return OAuthAnswer.Ok(active ?? new JsonObject { ["active"] = false }, OAuthAnswer.Json.Default.JsonObject);
        }

        private async Task<JsonObject?> DescribeAccessTokenAsync(string token, Client client, CancellationToken ct)
        {
            if (await issued.ReadAsync(token, ct) is not { } access || !(IssuedTokens.ClientIdOf(access) == client.Id || access.Audiences.Any(client.Serves.Contains)) || !await issued.StandsAsync(access, ct))
                return null;
            var claims = JsonNode.Parse(Base64Url.DecodeFromChars(access.EncodedPayload))!.AsObject();
            var told = new JsonObject { ["active"] = true, ["token_type"] = claims.ContainsKey("cnf") ? "DPoP" : "Bearer" };
            foreach (var name in Told)
                if (claims.TryGetPropertyValue(name, out var value))
                    told[name] = value!.DeepClone();
            return told;
        }

        private async Task<JsonObject?> DescribeRefreshTokenAsync(string token, Client client, CancellationToken ct)
        {
            var (hash, now) = (Secrets.Hash(token), clock.GetUtcNow());
            var row = await db.RefreshTokens.AsNoTracking().SingleOrDefaultAsync(refresh => refresh.Hash == hash && refresh.UsedAt == null && refresh.ExpiresAt > now, ct);
            if (row is null || await db.Grants.AsNoTracking().SingleAsync(g => g.Id == row.GrantId, ct) is not { } grant || grant.ClientId != client.Id
                || (await people.ReadStateAsync(grant, client, ct)).FindError(grant, now) is not null)
                return null;
            var told = new JsonObject
            {
                ["active"] = true,
                ["iss"] = options.Value.Issuer,
                ["sub"] = grant.UserId.ToString(),
                ["client_id"] = grant.ClientId,
                ["scope"] = string.Join(' ', grant.Scopes),
                ["exp"] = row.ExpiresAt.ToUnixTimeSeconds(),
            };
            if (grant.LimitedTo is { } organization)
                told[OrganizationRule.LimitClaim] = organization.ToString();
            if (grant.DpopJkt is { } thumbprint)
                told["cnf"] = new JsonObject { ["jkt"] = thumbprint };
            return told;
        }
    }
}
