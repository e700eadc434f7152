using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CodeZero.Hub.Identity.Protocol;

namespace CodeZero.Hub.Identity.Sso;

/// <summary>Whom a provider vouches for. Names and addresses are whatever it says.</summary>
/// <param name="Subject">Who they are there, for good.</param>
/// <param name="EmailVerified">False when the provider says that it did not check the address; null when it says nothing.</param>
/// <param name="IsMultiFactor">Whether it says that more than one factor was given.</param>
internal sealed record SsoIdentity(string Subject, string? Email, bool? EmailVerified, string? Name, bool IsMultiFactor);

/// <summary>What came of checking an ID token.</summary>
internal abstract record IdTokenCheck
{
    public sealed record Accepted(SsoIdentity Identity) : IdTokenCheck;

    /// <param name="Reason">For the log.</param>
    public sealed record Refused(string Reason) : IdTokenCheck;

    /// <summary>It is signed by a key that is not known: the provider may have changed its keys.</summary>
    public sealed record UnknownKey : IdTokenCheck;
}

/// <summary>The rules for ID tokens of a code flow (OpenID Connect Core §3.1.3.7), stricter where the specification leaves a choice.</summary>
internal static class IdTokens
{
    private const int MaxSubjectLength = 255;

    /// <summary>How far the provider's clock may be off.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>The oldest token taken: it comes straight from the token endpoint.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(10);

    /// <param name="accessToken">What came beside it; null when nothing did.</param>
    /// <param name="emailClaim">The claim that holds the address.</param>
    public static IdTokenCheck Check(
        string token, IReadOnlyList<ClientKey> keys, string issuer, string clientId, string nonce, string? accessToken, string emailClaim, DateTimeOffset now)
    {
        if (CompactJws.TryParse(token) is not { } jws)
            return new IdTokenCheck.Refused("it is no JWS");
        var (header, claims) = (jws.Header, jws.Claims);
        if (header.Text("alg") is not { } algorithm || !SigningAlgorithms.OfAssertions.Contains(algorithm) || header.TryGetProperty("crit", out _)
            || (header.TryGetProperty("kid", out _) && header.Text("kid") is null) || (header.TryGetProperty("typ", out _) && !"JWT".Equals(header.Text("typ"), StringComparison.OrdinalIgnoreCase)))
            return new IdTokenCheck.Refused("its header names an algorithm or a kind that is not taken");
        var named = keys.Where(key => key.IsNamed(header.Text("kid"))).ToList();
        if (named.Count == 0)
            return new IdTokenCheck.UnknownKey();
        if (!named.Any(key => key.Verify(algorithm, jws.Signed, jws.Signature)))
            return new IdTokenCheck.Refused("its signature is not by the key it names, or not by that key's algorithm");
        var fault = FindFault(claims, issuer, clientId, nonce, accessToken, now);
        return fault is null ? new IdTokenCheck.Accepted(Read(claims, emailClaim)) : new IdTokenCheck.Refused(fault);
    }

    private static string? FindFault(JsonElement claims, string issuer, string clientId, string nonce, string? accessToken, DateTimeOffset now)
    {
        if (claims.Text("iss") != issuer)
            return "iss is another issuer";
        if (!IsForAlone(claims, clientId) || (claims.TryGetProperty("azp", out _) && claims.Text("azp") != clientId))
            return "aud or azp is not this client alone";
        if (!(claims.Time("exp") > now - ClockSkew))
            return "it has expired";
        if (claims.Time("iat") is not { } issued || issued > now + ClockSkew || issued < now - MaxAge || (claims.TryGetProperty("nbf", out _) && !(claims.Time("nbf") <= now + ClockSkew)))
            return "it was not issued just now";
        if (claims.Text("nonce") != nonce)
            return "nonce is not the one that was sent";
        if (claims.Text("sub") is not { Length: > 0 and <= MaxSubjectLength } subject || !Scopes.IsVisibleText(subject))
            return "sub is missing, or not 1 to 255 ASCII characters";
        return claims.TryGetProperty("at_hash", out _) && accessToken is not null && claims.Text("at_hash") != LeftHalf(accessToken) ? "at_hash is not of the access token" : null;
    }

    /// <summary>One audience, as a text or a list of one: who else it is for is nobody that the Hub knows.</summary>
    private static bool IsForAlone(JsonElement claims, string clientId) => claims.TryGetProperty("aud", out var audience) && audience.ValueKind switch
    {
        JsonValueKind.String => audience.ValueEquals(clientId),
        JsonValueKind.Array => audience.GetArrayLength() == 1 && audience[0].ValueKind == JsonValueKind.String && audience[0].ValueEquals(clientId),
        _ => false,
    };

    private static SsoIdentity Read(JsonElement claims, string emailClaim) => new(
        claims.Text("sub")!, claims.Text(emailClaim), ReadFlag(claims, "email_verified"), claims.Text("name"),
        claims.TryGetProperty("amr", out var methods) && methods.ValueKind == JsonValueKind.Array
            && methods.EnumerateArray().Any(method => method.ValueKind == JsonValueKind.String && method.ValueEquals(Domain.AuthenticationMethods.MultiFactor)));

    /// <summary>Some providers write it as a text. What is neither true nor false is no confirmation.</summary>
    private static bool? ReadFlag(JsonElement claims, string name) => !claims.TryGetProperty(name, out var flag) ? null
        : flag.ValueKind == JsonValueKind.True || (flag.ValueKind == JsonValueKind.String && flag.ValueEquals("true"));

    /// <summary>§3.1.3.6, for the algorithms taken, which all hash by SHA-256.</summary>
    private static string LeftHalf(string accessToken) => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(accessToken)).AsSpan(..16));
}
