using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.IdentityModel.Tokens;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>A key ready to sign with.</summary>
internal sealed record LoadedKey(KeyPeriod Period, string Algorithm, SigningCredentials Credentials, JsonWebKey Public);

/// <summary>Makes signing keys, sealed under the platform's key ring, and opens them.</summary>
internal sealed class SigningKeyMaterial(IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("CodeZero.Hub.Identity.SigningKeys.v1");

    public SigningKey Make(string algorithm, DateTimeOffset from, DateTimeOffset until, DateTimeOffset now)
    {
        using AsymmetricAlgorithm key = algorithm == SigningAlgorithms.Es256 ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : RSA.Create(2048);
        return new(PublicKeyOf(key, algorithm).Kid, algorithm, _protector.Protect(key.ExportPkcs8PrivateKey()), now, from, until);
    }

    public LoadedKey Load(SigningKey row)
    {
        var pkcs8 = _protector.Unprotect(row.ProtectedKey);
        if (row.Algorithm == SigningAlgorithms.Es256)
        {
            var ecdsa = ECDsa.Create();
            ecdsa.ImportPkcs8PrivateKey(pkcs8, out _);
            return Load(row, new ECDsaSecurityKey(ecdsa) { KeyId = row.Id }, ecdsa);
        }
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(pkcs8, out _);
        return Load(row, new RsaSecurityKey(rsa) { KeyId = row.Id }, rsa);
    }

    private static LoadedKey Load(SigningKey row, SecurityKey key, AsymmetricAlgorithm algorithm) =>
        new(row.Period, row.Algorithm, new SigningCredentials(key, row.Algorithm), PublicKeyOf(algorithm, row.Algorithm));

    /// <summary>The public members alone, member by member: what is not named here cannot leak (RFC 7517 §9.3).</summary>
    private static JsonWebKey PublicKeyOf(AsymmetricAlgorithm key, string algorithm)
    {
        var jwk = new JsonWebKey { Use = "sig", Alg = algorithm };
        string canonical;
        if (key is ECDsa ecdsa)
        {
            var point = ecdsa.ExportParameters(includePrivateParameters: false).Q;
            (jwk.Kty, jwk.Crv, jwk.X, jwk.Y) = ("EC", "P-256", Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y));
            canonical = $$"""{"crv":"P-256","kty":"EC","x":"{{jwk.X}}","y":"{{jwk.Y}}"}""";
        }
        else
        {
            var modulus = ((RSA)key).ExportParameters(includePrivateParameters: false);
            (jwk.Kty, jwk.N, jwk.E) = ("RSA", Base64Url.EncodeToString(modulus.Modulus), Base64Url.EncodeToString(modulus.Exponent));
            canonical = $$"""{"e":"{{jwk.E}}","kty":"RSA","n":"{{jwk.N}}"}""";
        }
        jwk.Kid = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(canonical)));
        return jwk;
    }
}
