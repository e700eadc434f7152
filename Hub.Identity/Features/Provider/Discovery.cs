using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Hub.Identity.Features;

/// <summary>
/// GET /.well-known/openid-configuration (OpenID Connect Discovery §4) and /.well-known/oauth-authorization-server (RFC 8414), one document;
/// GET /connect/jwks (RFC 7517). They list what exists, and nothing else.
/// </summary>
internal static class Discovery
{
    private const string Cacheable = "public, max-age=300";

    public static IResult Document(HttpContext context, IOptions<HubIdentityOptions> options, TokenGrants grants)
    {
        context.Response.Headers.CacheControl = Cacheable;
        return TypedResults.Json(Describe(options.Value.Issuer, grants.Names));
    }

    public static async Task<IResult> Keys(HttpContext context, SigningKeys keys, CancellationToken ct)
    {
        var published = await keys.GetPublishedAsync(ct);
        context.Response.Headers.CacheControl = Cacheable;
        return TypedResults.Json(new JsonObject { ["keys"] = new JsonArray([.. published.Select(Describe)]) }, contentType: "application/jwk-set+json");
    }

    private static JsonObject Describe(string issuer, IEnumerable<string> grants) => new()
    {
        ["issuer"] = issuer,
        ["authorization_endpoint"] = issuer + "/connect/authorize",
        ["token_endpoint"] = issuer + "/connect/token",
        ["device_authorization_endpoint"] = issuer + "/connect/device_authorization",
        ["pushed_authorization_request_endpoint"] = issuer + "/connect/par",
        ["userinfo_endpoint"] = issuer + "/connect/userinfo",
        ["revocation_endpoint"] = issuer + "/connect/revocation",
        ["introspection_endpoint"] = issuer + "/connect/introspection",
        ["end_session_endpoint"] = issuer + "/connect/endsession",
        ["jwks_uri"] = issuer + "/connect/jwks",
        ["scopes_supported"] = List(Scopes.Supported),
        ["response_types_supported"] = List(["code"]),
        ["response_modes_supported"] = List(["query"]),
        ["grant_types_supported"] = List(grants),
        ["code_challenge_methods_supported"] = List([Pkce.Method]),
        ["token_endpoint_auth_methods_supported"] = List(ClientAuthenticationMethods.All),
        ["token_endpoint_auth_signing_alg_values_supported"] = List(SigningAlgorithms.OfAssertions),
        ["revocation_endpoint_auth_methods_supported"] = List(ClientAuthenticationMethods.All),
        ["revocation_endpoint_auth_signing_alg_values_supported"] = List(SigningAlgorithms.OfAssertions),
        ["introspection_endpoint_auth_methods_supported"] = List(ClientAuthenticationMethods.Confidential),
        ["introspection_endpoint_auth_signing_alg_values_supported"] = List(SigningAlgorithms.OfAssertions),
        ["dpop_signing_alg_values_supported"] = List([SigningAlgorithms.Es256]),
        ["id_token_signing_alg_values_supported"] = List([SigningAlgorithms.Rs256, SigningAlgorithms.Es256]),
        ["subject_types_supported"] = List(["public"]),
        ["claims_supported"] = List(["amr", "at_hash", "aud", "auth_time", "azp", "email", "email_verified", "exp", "groups", "iat", "iss", "jti", "nonce", "org", "sid", "sub"]),
        ["prompt_values_supported"] = List(["none", "login", "consent"]),
        ["authorization_response_iss_parameter_supported"] = true,
        ["require_pushed_authorization_requests"] = false,
        ["claims_parameter_supported"] = false,
        ["request_parameter_supported"] = false,
        ["request_uri_parameter_supported"] = false,
    };

    private static JsonObject Describe(JsonWebKey key)
    {
        var json = new JsonObject { ["kty"] = key.Kty, ["use"] = key.Use, ["alg"] = key.Alg, ["kid"] = key.Kid };
        foreach (var (name, value) in key.Kty == "EC" ? new[] { ("crv", key.Crv), ("x", key.X), ("y", key.Y) } : [("n", key.N), ("e", key.E)])
            json[name] = value;
        return json;
    }

    private static JsonArray List(IEnumerable<string> values) => new([.. values.Select(value => JsonValue.Create(value))]);
}
