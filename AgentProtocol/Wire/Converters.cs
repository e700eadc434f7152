using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using CodeZero.AgentProtocol.Signing;

namespace CodeZero.AgentProtocol.Wire;

internal sealed class DigestConverter : JsonConverter<Digest>
{
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Digest.TryParse(reader.GetString(), out var digest)
            ? digest
            : throw new JsonException("A digest is written sha256:<64 lower-case hexadecimal digits>.");

    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>RFC 3339 in UTC with whole seconds, the only form of a time in this protocol: <c>2026-01-31T12:00:00Z</c>.</summary>
internal sealed class UtcSecondsConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && UtcSeconds.TryParse(reader.GetString(), out var time)
            ? time
            : throw new JsonException("A time is written in UTC with whole seconds, as 2026-01-31T12:00:00Z (RFC 3339).");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(UtcSeconds.Format(value));
}

internal static class UtcSeconds
{
    private const string Pattern = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    public static string Format(DateTimeOffset time) => time.ToUniversalTime().ToString(Pattern, CultureInfo.InvariantCulture);

    /// <summary>The time as it will stand in a message: without fractions of a second.</summary>
    public static DateTimeOffset Floor(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    public static bool TryParse(string? text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, Pattern, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}

/// <summary>An enumeration by its members' names in camel case, exactly as written; numbers and other spellings are refused.</summary>
internal sealed class NameConverter<T> : JsonConverter<T> where T : struct, Enum
{
    private static readonly FrozenDictionary<string, T> Values =
        Enum.GetValues<T>().ToFrozenDictionary(Name, StringComparer.Ordinal);

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Values.TryGetValue(reader.GetString()!, out var value)
            ? value
            : throw new JsonException($"Expected one of {string.Join(", ", Values.Keys.Order(StringComparer.Ordinal))}.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(Name(value));

    private static string Name(T value) => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}

/// <summary>A public JWK (RFC 7517) with exactly the members kty, crv, x and y.</summary>
internal sealed class EcPublicKeyConverter : JsonConverter<EcPublicKey>
{
    public override EcPublicKey Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("A key is a JWK object.");
        string? kty = null, crv = null, x = null, y = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            if (name == "d")
                throw new JsonException("This is a private key; only its public part belongs here. Treat the key as lost.");
            ref var member = ref kty;
            switch (name)
            {
                case "kty": break;
                case "crv": member = ref crv; break;
                case "x": member = ref x; break;
                case "y": member = ref y; break;
                default: throw new JsonException("A P-256 JWK has the members kty, crv, x and y, and no others.");
            }
            if (member is not null || reader.TokenType != JsonTokenType.String)
                throw new JsonException($"The JWK's member {name} must be one string.");
            member = reader.GetString();
        }
        return EcPublicKey.FromJwk(kty, crv, x, y).TryGet(out var key, out var refusal) ? key : throw new JsonException(refusal.Reason);
    }

    public override void Write(Utf8JsonWriter writer, EcPublicKey value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("crv", "P-256");
        writer.WriteString("kty", "EC");
        writer.WriteString("x", value.X);
        writer.WriteString("y", value.Y);
        writer.WriteEndObject();
    }
}
