using System.Buffers.Text;
using System.Text.Json;

namespace CodeZero.Cli.Session;

/// <summary>
/// Whether an ID token belongs to a sign-in. It came from the token endpoint itself, so that TLS vouches for its issuer (OpenID Connect Core §3.1.3.7, 6);
/// czctl takes nothing else from it.
/// </summary>
internal static class IdToken
{
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <summary>What is wrong with it, to follow a colon; null when it is right.</summary>
    /// <param name="nonce">The request's; null for a request without one.</param>
    public static string? Problem(string? token, string issuer, string clientId, string? nonce, DateTimeOffset now)
    {
        if (token?.Split('.') is not [_, var payload, _])
            return "it has no ID token";
        try
        {
            using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
            var claims = document.RootElement;
            return Text(claims, "iss") != issuer ? "another issuer made it"
                : !HasAudience(claims, clientId) ? "it is for another program"
                : Text(claims, "nonce") != nonce ? "it answers another request"
                : !claims.TryGetProperty("exp", out var exp) || !exp.TryGetInt64(out var seconds) || DateTimeOffset.FromUnixTimeSeconds(seconds) + Skew < now ? "it has expired; is this machine's clock right?"
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException or ArgumentOutOfRangeException)
        {
            return "its ID token cannot be read";
        }
    }

    private static bool HasAudience(JsonElement claims, string clientId) => claims.TryGetProperty("aud", out var audience) && (audience.ValueKind == JsonValueKind.Array
        ? audience.EnumerateArray().Any(entry => entry.GetString() == clientId)
        : audience.GetString() == clientId);

    private static string? Text(JsonElement claims, string name) => claims.TryGetProperty(name, out var value) ? value.GetString() : null;
}
