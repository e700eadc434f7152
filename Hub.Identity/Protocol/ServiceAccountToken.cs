using System.Text.Json;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>
/// The rules of a Kubernetes service account's token (RFC 7523 §3, as <c>TokenRequest</c> makes them). It may be shown many times in its hour: the kubelet
/// renews the file, and not each program that reads it.
/// </summary>
internal static class ServiceAccountToken
{
    /// <summary>The longest life of a token, from <c>iat</c> to <c>exp</c>: what Kubernetes gives where nothing is said. A pod that was deleted may act for so long.</summary>
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromHours(1);

    /// <summary>How far the cluster's clock may be off.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(10);

    /// <summary>Whose the token claims to be, before anything is verified: only good for looking up keys. Null when it does not say, or is for several.</summary>
    public static (string Issuer, string Subject, string Audience)? ReadClaimed(CompactJws token)
    {
        var claims = token.Claims;
        var audience = claims.TryGetProperty("aud", out var named) && named.ValueKind == JsonValueKind.Array ? OnlyText(named) : claims.Text("aud");
        return (claims.Text("iss"), claims.Text("sub"), audience) is ({ } issuer, { } subject, not null) && new[] { issuer, subject, audience }.All(IsName) ? (issuer, subject, audience) : null;
    }

    private static string? OnlyText(JsonElement list) => list.GetArrayLength() == 1 && list[0].ValueKind == JsonValueKind.String ? list[0].GetString() : null;

    /// <summary>What can stand in a workload; nothing else need be looked for.</summary>
    private static bool IsName(string text) => text.Length is > 0 and <= WorkloadRules.MaxLength && Scopes.IsVisibleText(text);

    /// <summary>Whether one of the keys signed it. The key says which algorithm it is good for; of those the header may choose.</summary>
    public static bool IsSigned(CompactJws token, IReadOnlyList<ClientKey> keys)
    {
        var header = token.Header;
        return header.Text("alg") is { } algorithm && WorkloadRules.Algorithms.Contains(algorithm) && !header.TryGetProperty("crit", out _) && (!header.TryGetProperty("kid", out _) || header.Text("kid") is not null)
            && (!header.TryGetProperty("typ", out _) || header.Text("typ") == "JWT") // RFC 8725 §3.11: no other kind of token
            && keys.Any(key => key.IsNamed(header.Text("kid")) && key.Verify(algorithm, token.Signed, token.Signature));
    }

    /// <summary>What is wrong with its times, as a sentence; null when nothing is.</summary>
    public static string? FindTimeFault(CompactJws token, DateTimeOffset now)
    {
        var claims = token.Claims;
        if (claims.Time("exp") is not { } expires || claims.Time("iat") is not { } issued)
            return "The subject_token needs exp and iat, in whole seconds: a token from a Secret has no end, and is not taken.";
        if (expires <= issued || expires - issued > MaxLifetime)
            return $"The subject_token may live {MaxLifetime.TotalMinutes} minutes at most, from iat to exp: set expirationSeconds of the projected volume to 3600 or less.";
        return now >= expires + ClockSkew || issued > now + ClockSkew || (claims.TryGetProperty("nbf", out _) && !(claims.Time("nbf") <= now + ClockSkew))
            ? $"The subject_token has expired or is not valid yet; our time is {now:u}. Read it from its file for each request."
            : null;
    }
}
