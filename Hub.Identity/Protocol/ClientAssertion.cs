namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// Client authentication by <c>private_key_jwt</c> (RFC 7523, OpenID Connect Core §9). Keys and algorithm are what is registered; what the assertion's header
/// brings (<c>jwk</c>, <c>jku</c>, <c>x5u</c>) is not looked at (RFC 8725 §3.10).
/// </summary>
internal static class ClientAssertion
{
    public const string Type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    /// <summary>The longest life of an assertion, from <c>iat</c> to <c>exp</c>.</summary>
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromMinutes(5);

    /// <summary>How far the client's clock may be off.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(10);

    private const int MaxJtiLength = 256;

    /// <summary>What to remember so that the assertion is good once.</summary>
    public sealed record Accepted(string Jti, DateTimeOffset ForgetAt);

    /// <summary>Whom the assertion claims to be, before anything is verified: only good for looking up keys.</summary>
    public static string? ReadClientId(CompactJws assertion) => assertion.Claims.Text("sub");

    /// <summary>Accepts the assertion, or says why not; in detail only to who has the key. Replay (RFC 7523 §3 rule 7) is the caller's to check.</summary>
    public static (Accepted? Accepted, OAuthError? Error) Check(CompactJws assertion, Client client, string issuer, DateTimeOffset now)
    {
        var (header, claims) = (assertion.Header, assertion.Claims);
        if (header.Text("alg") != client.AssertionAlgorithm || header.TryGetProperty("crit", out _) || (header.TryGetProperty("kid", out _) && header.Text("kid") is null)
            || !client.Keys.Any(key => key.IsNamed(header.Text("kid")) && key.Verify(client.AssertionAlgorithm, assertion.Signed, assertion.Signature)))
            return (null, ClientAuthentication.Failed);
        if (header.TryGetProperty("typ", out _) && header.Text("typ") is not ("JWT" or "client-authentication+jwt"))
            return Refused("The assertion's typ must be JWT or client-authentication+jwt."); // RFC 8725 §3.11: no other kind of token
        if (claims.Text("iss") != client.Id || claims.Text("sub") != client.Id)
            return Refused("The assertion's iss and sub must both be the client_id.");
        if (claims.Text("aud") != issuer)
            return Refused("The assertion's aud must be the issuer identifier, as one string.");
        if (claims.Time("exp") is not { } expires || claims.Time("iat") is not { } issued)
            return Refused("The assertion needs exp and iat, in whole seconds.");
        if (expires - issued > MaxLifetime || expires <= issued)
            return Refused($"The assertion may live {MaxLifetime.TotalMinutes} minutes at most, from iat to exp.");
        if (now >= expires + ClockSkew || issued > now + ClockSkew || (claims.TryGetProperty("nbf", out _) && !(claims.Time("nbf") <= now + ClockSkew)))
            return Refused($"The assertion has expired or is not valid yet; our time is {now:u}. Set the clock right.");
        return claims.Text("jti") is { Length: > 0 and <= MaxJtiLength } jti
            ? (new(jti, expires + ClockSkew), null)
            : Refused($"The assertion needs a jti of 1 to {MaxJtiLength} characters.");
    }

    private static (Accepted?, OAuthError?) Refused(string description) => (null, OAuthError.InvalidClient(description));
}
