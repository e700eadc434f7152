using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Primitives;

namespace CodeZero.Hub.Platform.Security;

/// <summary>A DPoP proof (RFC 9449 §4) that is well formed, signed by the key in it, and made for this request.</summary>
/// <param name="Thumbprint">RFC 7638 thumbprint of the key, as in <c>cnf.jkt</c>.</param>
/// <param name="Jti">The proof's id; together with the key it may be used once.</param>
/// <param name="PublicKeyJwk">The key in the proof, as a JWK with the members <c>crv</c>, <c>kty</c>, <c>x</c>, <c>y</c>.</param>
public sealed record DpopProof(string Thumbprint, string Jti, DateTimeOffset IssuedAt, string PublicKeyJwk);

/// <summary>Either the proof, or why not: an error code of RFC 9449 and a sentence.</summary>
public readonly record struct DpopDecision(DpopProof? Proof, string? Error, string? Description)
{
    internal static DpopDecision Refused(string description, string error = DpopError.InvalidProof) => new(null, error, description);
}

/// <summary>Error codes of RFC 9449 §5 and §7.1.</summary>
public static class DpopError
{
    public const string InvalidProof = "invalid_dpop_proof";
    public const string InvalidToken = "invalid_token";
}

internal sealed class DpopRefusedException(string error, string description) : Exception(description)
{
    internal string Error { get; } = error;
}

/// <summary>
/// The rules of RFC 9449 §4.3, without clock, network or database. Keys are P-256 and signatures ES256, whatever the proof says; nonces are not asked for,
/// because every proof is good once and for <see cref="MaxAge"/> only.
/// </summary>
public static class DpopRules
{
    /// <summary>The oldest proof accepted.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(60);

    /// <summary>How far ahead of ours the sender's clock may be.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromSeconds(10);

    /// <summary>The longest proof read, in characters.</summary>
    public const int MaxLength = 4096;

    private const int MaxJtiLength = 256;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 4, AllowDuplicateProperties = false };

    /// <summary>Decides on a proof. Replay is the caller's to check, by <see cref="DpopProofs"/>.</summary>
    /// <param name="header">The values of the <c>DPoP</c> header.</param>
    /// <param name="method">The request's method.</param>
    /// <param name="address">The request's public address.</param>
    /// <param name="accessToken">The access token it comes with; null at the token endpoint, and where there is none.</param>
    /// <param name="boundKey">The thumbprint the token is bound to; null where any key will do.</param>
    public static DpopDecision Check(StringValues header, string method, Uri address, string? accessToken, string? boundKey, DateTimeOffset now)
    {
        if (header.Count != 1 || string.IsNullOrEmpty(header[0]))
            return DpopDecision.Refused(header.Count > 1 ? "There is more than one DPoP header." : "The DPoP header with the proof is missing.");
        if (header[0]!.Length > MaxLength)
            return DpopDecision.Refused($"The proof is longer than {MaxLength} characters.");
        var parts = header[0]!.Split('.');
        if (parts.Length != 3 || !TryDecode(parts[0], out var head) || !TryDecode(parts[1], out var body) || !TryDecode(parts[2], out var signature))
            return DpopDecision.Refused("The proof is not a compact JWS.");
        try
        {
            using var jose = JsonDocument.Parse(head, Strict);
            using var claims = JsonDocument.Parse(body, Strict);
            if (CheckHeader(jose.RootElement) is { } wrong)
                return DpopDecision.Refused(wrong);
            var jwk = jose.RootElement.GetProperty("jwk");
            if (!IsSigned(jwk, $"{parts[0]}.{parts[1]}", signature))
                return DpopDecision.Refused("The proof is not signed by the key in it.");
            return CheckClaims(claims.RootElement, CanonicalJwk(jwk), method, address, accessToken, boundKey, now);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the second is what half of a surrogate pair throws when it is read as text
        {
            return DpopDecision.Refused("The proof's header or claims are not JSON objects without repeated members.");
        }
    }

    private static string? CheckHeader(JsonElement header)
    {
        if (Text(header, "typ") != "dpop+jwt")
            return "The proof's typ is not dpop+jwt.";
        if (Text(header, "alg") != "ES256")
            return "The proof's alg is not ES256.";
        if (header.TryGetProperty("crit", out _))
            return "The proof demands extensions (crit) that are not understood.";
        if (!header.TryGetProperty("jwk", out var jwk) || jwk.ValueKind != JsonValueKind.Object)
            return "The proof has no jwk.";
        if (Text(jwk, "kty") != "EC" || Text(jwk, "crv") != "P-256" || Text(jwk, "x") is not { Length: 43 } || Text(jwk, "y") is not { Length: 43 })
            return "The proof's jwk is not a P-256 public key.";
        return jwk.TryGetProperty("d", out _) || jwk.TryGetProperty("k", out _) ? "The proof's jwk has private members. That key is no secret any more: make a new one." : null;
    }

    private static bool IsSigned(JsonElement jwk, string signed, byte[] signature)
    {
        if (!TryDecode(Text(jwk, "x")!, out var x) || !TryDecode(Text(jwk, "y")!, out var y))
            return false;
        try
        {
            using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } });
            return key.VerifyData(Encoding.ASCII.GetBytes(signed), signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            return false; // a point that is not on the curve
        }
    }

    private static DpopDecision CheckClaims(JsonElement claims, string jwk, string method, Uri address, string? accessToken, string? boundKey, DateTimeOffset now)
    {
        if (claims.ValueKind != JsonValueKind.Object || Text(claims, "jti") is not { Length: > 0 and <= MaxJtiLength } jti)
            return DpopDecision.Refused($"The proof has no jti of 1 to {MaxJtiLength} characters.");
        if (Text(claims, "htm") != method)
            return DpopDecision.Refused("The proof is for another method (htm).");
        if (!Uri.TryCreate(Text(claims, "htu"), UriKind.Absolute, out var htu) || !SameTarget(htu, address))
            return DpopDecision.Refused("The proof is for another address (htu).");
        if (!claims.TryGetProperty("iat", out var iat) || iat.ValueKind != JsonValueKind.Number || !iat.TryGetInt64(out var seconds) || seconds is < 0 or > 253402300799)
            return DpopDecision.Refused("The proof has no iat.");
        var issuedAt = DateTimeOffset.FromUnixTimeSeconds(seconds);
        if (now - issuedAt > MaxAge || issuedAt - now > MaxAhead)
            return DpopDecision.Refused($"The proof was not made just now (iat {issuedAt:u}, our time {now:u}). Set the clock right, and make a proof for each request.");
        if (accessToken is not null && Text(claims, "ath") != Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken))))
            return DpopDecision.Refused("The proof is not for this access token (ath).");
        var thumbprint = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(jwk)));
        return boundKey is null || boundKey == thumbprint
            ? new(new(thumbprint, jti, issuedAt, jwk), null, null)
            : DpopDecision.Refused("The proof is by another key than the one the access token is bound to.", DpopError.InvalidToken);
    }

    /// <summary>RFC 9449 §4.3: compared without query and fragment, after normalisation (RFC 3986 §6.2.2–6.2.3).</summary>
    private static bool SameTarget(Uri htu, Uri address)
    {
        const UriComponents target = UriComponents.SchemeAndServer | UriComponents.Path;
        return htu.UserInfo.Length == 0 && htu.GetComponents(target, UriFormat.UriEscaped) == address.GetComponents(target, UriFormat.UriEscaped);
    }

    /// <summary>RFC 7638 §3.2: the required members in the order of their names.</summary>
    private static string CanonicalJwk(JsonElement jwk) => $$"""{"crv":"P-256","kty":"EC","x":"{{Text(jwk, "x")}}","y":"{{Text(jwk, "y")}}"}""";

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = [];
        if (!Base64Url.IsValid(text) || text.AsSpan().ContainsAny(" \r\n\t="))
            return false;
        bytes = Base64Url.DecodeFromChars(text);
        return true;
    }
}
