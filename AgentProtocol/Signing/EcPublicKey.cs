using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using CodeZero.AgentProtocol.Wire;

namespace CodeZero.AgentProtocol.Signing;

/// <summary>
/// A P-256 public key that is a point on the curve: for ES256 signatures (RFC 7518 §3.4) or ECDH-ES (§4.6), never for both.
/// It travels as a JWK (RFC 7517) and is named by its thumbprint (RFC 7638), which is also what people compare.
/// </summary>
[JsonConverter(typeof(EcPublicKeyConverter))]
public sealed record EcPublicKey
{
    internal const int CoordinateBytes = 32;

    // y² = x³ − 3x + b over GF(p): FIPS 186-4 D.1.2.3
    private static readonly BigInteger P = Hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
    private static readonly BigInteger B = Hex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b");

    private EcPublicKey(byte[] x, byte[] y)
    {
        X = Base64Url.EncodeToString(x);
        Y = Base64Url.EncodeToString(y);
        Thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(ToString())));
    }

    /// <summary>The x coordinate, base64url of 32 bytes.</summary>
    public string X { get; }

    /// <summary>The y coordinate, base64url of 32 bytes.</summary>
    public string Y { get; }

    /// <summary>RFC 7638 thumbprint with SHA-256, base64url, 43 characters.</summary>
    public string Thumbprint { get; }

    /// <summary>Reads a JWK with exactly the members kty, crv, x and y.</summary>
    public static Checked<EcPublicKey> Parse(string jwk)
    {
        try
        {
            return JsonSerializer.Deserialize(jwk, WireJson.Strict.EcPublicKey) is { } key ? key : Bad("it is null.");
        }
        catch (JsonException e)
        {
            return Bad(Rules.Excerpt(e.Message, 200));
        }
    }

    /// <summary>The JWK in the canonical form of RFC 7638 §3.2, whose SHA-256 is the thumbprint.</summary>
    public override string ToString() => $$"""{"crv":"P-256","kty":"EC","x":"{{X}}","y":"{{Y}}"}""";

    internal static Checked<EcPublicKey> FromJwk(string? kty, string? crv, string? x, string? y)
    {
        if (kty != "EC" || crv != "P-256")
            return Bad("""only "kty":"EC" with "crv":"P-256" is used here.""");
        if (!Rules.TryBase64Url(x, out var xBytes) || xBytes.Length != CoordinateBytes || !Rules.TryBase64Url(y, out var yBytes) || yBytes.Length != CoordinateBytes)
            return Bad("x and y must each be base64url of 32 bytes, without padding.");
        return IsOnCurve(xBytes, yBytes) ? new EcPublicKey(xBytes, yBytes) : Bad("x and y are no point on the curve P-256.");
    }

    internal static EcPublicKey From(ECParameters parameters) => new(parameters.Q.X!, parameters.Q.Y!);

    internal ECParameters ToParameters() => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = Base64Url.DecodeFromChars(X), Y = Base64Url.DecodeFromChars(Y) },
    };

    /// <summary>Whether this is an ES256 signature (64 bytes, r and s) of the data by this key.</summary>
    public bool Verifies(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != 2 * CoordinateBytes)
            return false;
        using var key = ECDsa.Create(ToParameters());
        return key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private static bool IsOnCurve(byte[] xBytes, byte[] yBytes)
    {
        var x = new BigInteger(xBytes, isUnsigned: true, isBigEndian: true);
        var y = new BigInteger(yBytes, isUnsigned: true, isBigEndian: true);
        return x < P && y < P && (y * y - (x * x * x - 3 * x + B)) % P == 0;
    }

    private static Refusal Bad(string what) => new(RefusalCode.KeyFormat, $"The key cannot be used: {what}");

    private static BigInteger Hex(string digits) => BigInteger.Parse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
