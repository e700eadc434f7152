using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace CodeZero.Hub.Identity.Protocol;

/// <summary>A compact JWS (RFC 7515 §3.1) taken apart, not verified. Strict: JSON objects without repeated members, no padding, nothing around it.</summary>
internal sealed class CompactJws
{
    /// <summary>The longest one read, in characters.</summary>
    public const int MaxLength = 8192;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    private CompactJws(JsonElement header, JsonElement claims, byte[] signed, byte[] signature) => (Header, Claims, Signed, Signature) = (header, claims, signed, signature);

    public JsonElement Header { get; }
    public JsonElement Claims { get; }
    public byte[] Signed { get; }
    public byte[] Signature { get; }

    public static CompactJws? TryParse(string text)
    {
        var parts = text.Length > MaxLength ? [] : text.Split('.');
        if (parts.Length != 3 || ParseObject(parts[0]) is not { } header || ParseObject(parts[1]) is not { } claims || Decode(parts[2]) is not { } signature)
            return null;
        return new(header, claims, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), signature);
    }

    private static JsonElement? ParseObject(string part)
    {
        try
        {
            if (Decode(part) is not { } bytes)
                return null;
            using var json = JsonDocument.Parse(bytes, Strict);
            ReadTexts(bytes);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>JSON may write half of a surrogate pair (RFC 8259 §8.2), which cannot be read as text. Found here, it surprises nobody who looks at a member.</summary>
    /// <exception cref="InvalidOperationException">There is one.</exception>
    internal static void ReadTexts(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                reader.GetString();
    }

    private static byte[]? Decode(string part) =>
        part.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_') && Base64Url.IsValid(part) ? Base64Url.DecodeFromChars(part) : null;
}

internal static class JsonMembers
{
    /// <summary>The member when it is a string; null otherwise.</summary>
    public static string? Text(this JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>The member when it is a NumericDate in whole seconds (RFC 7519 §2); null otherwise.</summary>
    public static DateTimeOffset? Time(this JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var seconds) && seconds is >= 0 and <= 253402300799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;
}
