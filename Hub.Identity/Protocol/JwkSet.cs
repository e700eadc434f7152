using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>JWK Sets (RFC 7517 §5) as they are given and kept: public keys with the members that are known here, and no others.</summary>
internal static class JwkSet
{
    /// <summary>The keys; null when it is no key set, or one of them is no public key of ours.</summary>
    public static List<ClientKey>? TryRead(JsonElement jwks)
    {
        try
        {
            if (jwks.ValueKind != JsonValueKind.Object || !jwks.TryGetProperty("keys", out var keys) || keys.ValueKind != JsonValueKind.Array)
                return null;
            var parsed = keys.EnumerateArray().Select(ClientKey.TryParse).ToList();
            return parsed.Contains(null) ? null : [.. parsed.OfType<ClientKey>()];
        }
        catch (InvalidOperationException) // half of a surrogate pair
        {
            return null;
        }
    }

    /// <summary>The keys of a set that <see cref="ToText"/> wrote.</summary>
    public static List<ClientKey> Read(string jwks)
    {
        using var json = JsonDocument.Parse(jwks);
        return TryRead(json.RootElement) ?? throw new InvalidOperationException("A key set that was kept cannot be read.");
    }

    public static string ToText(IEnumerable<ClientKey> keys) => new JsonObject { ["keys"] = new JsonArray([.. keys.Select(key => key.ToJwk())]) }.ToJsonString();
}
