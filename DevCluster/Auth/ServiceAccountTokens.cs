using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Auth;

/// <summary>Tokens of service accounts: JWTs (RFC 7519) signed ES256 with a key of this cluster. A token dies with its account.</summary>
internal sealed class ServiceAccountTokens(ECDsa key, ObjectStore store, TimeProvider clock)
{
    public const string DefaultAudience = "https://kubernetes.default.svc.cluster.local";
    private static readonly byte[] Header = Encode("""{"alg":"ES256","typ":"JWT"}"""u8);

    /// <param name="audiences">Who is to accept the token; empty: this API server.</param>
    /// <param name="lifetime">Null for a token without expiry, as token Secrets hold.</param>
    public (string Token, DateTimeOffset Expires) Issue(string ns, string name, string uid, TimeSpan? lifetime, string[] audiences)
    {
        var now = clock.GetUtcNow();
        var expires = now + (lifetime ?? TimeSpan.Zero);
        var claims = new JsonObject
        {
            ["iss"] = DefaultAudience,
            ["sub"] = User.ServiceAccountName(ns, name),
            ["aud"] = new JsonArray([.. (audiences.Length == 0 ? [DefaultAudience] : audiences).Select(a => (JsonNode)a)]),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["jti"] = Guid.CreateVersion7(now).ToString(),
            ["kubernetes.io"] = new JsonObject { ["namespace"] = ns, ["serviceaccount"] = new JsonObject { ["name"] = name, ["uid"] = uid } },
        };
        if (lifetime is not null)
            claims["exp"] = expires.ToUnixTimeSeconds();
        byte[] signed = [.. Header, (byte)'.', .. Encode(Encoding.UTF8.GetBytes(claims.ToJsonString()))];
        var signature = key.SignData(signed, HashAlgorithmName.SHA256);
        return (Encoding.ASCII.GetString([.. signed, (byte)'.', .. Encode(signature)]), expires);
    }

    /// <summary>The account a token speaks for, or null when it is not valid for one of the audiences.</summary>
    public User? Validate(string token, IReadOnlyCollection<string> audiences)
    {
        if (token.Split('.') is not [var header, var payload, var signature] || Decode(signature) is not { } mac || Decode(payload) is not { } body
            || !Encoding.ASCII.GetBytes(header).AsSpan().SequenceEqual(Header)
            || !key.VerifyData(Encoding.ASCII.GetBytes($"{header}.{payload}"), mac, HashAlgorithmName.SHA256))
            return null;
        var claims = JsonNode.Parse(body);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        if (claims?["exp"].AsLong() is { } expires && expires <= now)
            return null;
        if (claims?["aud"] is not JsonArray aud || !aud.Any(a => audiences.Contains(a.AsString())))
            return null;
        var (ns, name, uid) = (claims.StringAt("kubernetes.io", "namespace")!, claims.StringAt("kubernetes.io", "serviceaccount", "name")!, claims.StringAt("kubernetes.io", "serviceaccount", "uid")!);
        return store.Get(new("/serviceaccounts", ns, name))?.Uid == uid ? User.ServiceAccount(ns, name, uid) : null;
    }

    private static byte[] Encode(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetBytes(Base64Url.EncodeToString(bytes));

    private static byte[]? Decode(string text) => Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : null;
}
