using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.DataProtection;

namespace CodeZero.Hub.Identity.Sso;

/// <summary>What the Hub shows an organization's provider to be the Hub: kept under the platform's key ring, for that organization alone.</summary>
internal sealed class SsoSecrets(IDataProtectionProvider protection, TimeProvider clock)
{
    private static readonly TimeSpan AssertionLifetime = TimeSpan.FromMinutes(1);

    public byte[] Protect(Guid organizationId, string secret) => ProtectorOf(organizationId).Protect(Encoding.UTF8.GetBytes(secret));

    /// <summary>A new key: sealed, and its public half as a JWK.</summary>
    public (byte[] ProtectedKey, string PublicKey) MakeKey(Guid organizationId)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var jwk = new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y), ["use"] = "sig", ["alg"] = SigningAlgorithms.Es256 };
        jwk["kid"] = ClientKey.TryParse(jwk.ToJsonString())!.Thumbprint;
        return (ProtectorOf(organizationId).Protect(key.ExportPkcs8PrivateKey()), jwk.ToJsonString());
    }

    /// <summary>Adds to a token request what shows that it is the Hub's (RFC 6749 §2.3.1, OpenID Connect Core §9).</summary>
    public void Authenticate(SsoProvider provider, ProviderMetadata metadata, HttpRequestMessage request, Dictionary<string, string> form)
    {
        if (provider.Authentication == SsoAuthentication.Key)
        {
            (form["client_id"], form["client_assertion_type"], form["client_assertion"]) = (provider.ClientId, ClientAssertion.Type, Assert(provider));
            return;
        }
        var secret = Encoding.UTF8.GetString(ProtectorOf(provider.OrganizationId).Unprotect(provider.ProtectedSecret!));
        if (metadata.TakesBasic)
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(provider.ClientId)}:{Uri.EscapeDataString(secret)}")));
        else
            (form["client_id"], form["client_secret"]) = (provider.ClientId, secret);
    }

    /// <summary>For the issuer and no one else, once and for a minute. The key is of this organization and provider, so that an assertion is of no use elsewhere.</summary>
    private string Assert(SsoProvider provider)
    {
        var now = clock.GetUtcNow();
        var header = new JsonObject { ["alg"] = SigningAlgorithms.Es256, ["typ"] = "JWT", ["kid"] = JsonNode.Parse(provider.PublicKey!)!["kid"]!.GetValue<string>() };
        var claims = new JsonObject
        {
            ["iss"] = provider.ClientId,
            ["sub"] = provider.ClientId,
            ["aud"] = provider.Issuer,
            ["jti"] = Secrets.New(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = (now + AssertionLifetime).ToUnixTimeSeconds(),
        };
        var signed = $"{Encode(header)}.{Encode(claims)}";
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(ProtectorOf(provider.OrganizationId).Unprotect(provider.ProtectedKey!), out _);
        return $"{signed}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))}";
    }

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));

    private IDataProtector ProtectorOf(Guid organizationId) => protection.CreateProtector("CodeZero.Hub.Identity.Sso.v1", organizationId.ToString());
}
