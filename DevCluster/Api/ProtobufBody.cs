using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>
/// Reads request bodies in the protobuf form, which kubectl 1.32 posts for built-in kinds: the magic <c>k8s\0</c>, an envelope with apiVersion
/// and kind, and the message, read by the field numbers in the schema. Responses are always JSON or YAML.
/// </summary>
internal static class ProtobufBody
{
    public const string MediaType = "application/vnd.kubernetes.protobuf";
    private const int MaxDepth = 100;

    public static JsonObject Parse(ReadOnlyMemory<byte> body, Schema schema)
    {
        if (!body.Span.StartsWith("k8s\0"u8))
            throw Malformed();
        var o = new JsonObject();
        ReadOnlyMemory<byte> raw = default;
        var envelope = new Reader(body[4..]);
        while (envelope.Next(out var number, out var value))
        {
            if (number == 1)
            {
                var type = new Reader(value.Bytes);
                while (type.Next(out var field, out var text))
                    if (text.Bytes.Length > 0 && field is 1 or 2)
                        o[field == 1 ? "apiVersion" : "kind"] = Text(text.Bytes);
            }
            else if (number == 2)
                raw = value.Bytes;
        }
        ReadMessage(o, raw, schema, "", 0);
        return o;
    }

    private static void ReadMessage(JsonObject o, ReadOnlyMemory<byte> bytes, Schema schema, string prefix, int depth)
    {
        if (depth > MaxDepth)
            throw Malformed();
        var reader = new Reader(bytes);
        while (reader.Next(out var number, out var value))
        {
            var path = prefix + number.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var (name, field) = schema.Fields.FirstOrDefault(f => f.Value.WirePath == path);
            if (field is not null)
                ReadField(o, name, field, value, depth);
            else if (schema.Fields.Values.Any(f => f.WirePath?.StartsWith($"{path}.", StringComparison.Ordinal) ?? false))
                ReadMessage(o, value.Bytes, schema, $"{path}.", depth + 1);
        }
    }

    private static void ReadField(JsonObject o, string name, SchemaField field, Value value, int depth)
    {
        switch (field.Schema.Type)
        {
            case SchemaType.List when value.IsBytes && field.Schema.Item.Type is SchemaType.Integer or SchemaType.Boolean:
                var packed = new Reader(value.Bytes);
                while (!packed.AtEnd)
                    o.EnsureArray(name).Add(Scalar(new(packed.Varint(), default), field.Schema.Item));
                break;
            case SchemaType.List:
                o.EnsureArray(name).Add(ReadValue(value, field.Schema.Item, name, depth));
                break;
            case SchemaType.Map:
                var (key, entry) = ("", new Value(0, default));
                var pair = new Reader(value.Bytes);
                while (pair.Next(out var number, out var part))
                    if (number == 1)
                        key = Text(part.Bytes);
                    else
                        entry = part;
                o.Ensure(name)[key] = ReadValue(entry, field.Schema.Item, name, depth) ?? "";
                break;
            default:
                if (name == "status" && field.Schema.Type == SchemaType.Any)
                    break;          // the answer part of a review: the server fills it
                if (ReadValue(value, field.Schema, name, depth) is { } read && (field.KeepsZero || !IsZero(read)))
                    o[name] = read;
                break;
        }
    }

    private static JsonNode? ReadValue(Value value, Schema schema, string name, int depth)
    {
        switch (schema.Type)
        {
            case SchemaType.Object:
                var o = new JsonObject();
                ReadMessage(o, value.Bytes, schema, "", depth + 1);
                return o;
            case SchemaType.Any:
                return value.Bytes.IsEmpty ? null : throw StatusException.Unsupported($"the field {name} cannot be read from protobuf here: send the object as JSON");
            default:
                return Scalar(value, schema);
        }
    }

    private static JsonNode? Scalar(Value value, Schema schema) => schema switch
    {
        { Type: SchemaType.Integer } => value.Number,
        { Type: SchemaType.Boolean } => value.Number != 0,
        { Type: SchemaType.Quantity } => Part(value, 1) is { } text ? Text(text.Bytes) : null,
        { Type: SchemaType.IntOrString } => Part(value, 1)?.Number == 1 ? Text(Part(value, 3)?.Bytes ?? default) : Part(value, 2)?.Number ?? 0,
        { Format: "byte" } => Convert.ToBase64String(value.Bytes.Span),
        { Format: "date-time" } => Time(value),
        _ => Text(value.Bytes),
    };

    private static JsonNode? Time(Value value)
    {
        if (value.Bytes.IsEmpty)
            return null;
        var (seconds, nanoseconds) = (Part(value, 1)?.Number ?? 0, Part(value, 2)?.Number ?? 0);
        if (seconds is < -62135596800 or > 253402300799 || nanoseconds is < 0 or > 999_999_999)
            throw Malformed();
        var time = DateTimeOffset.FromUnixTimeSeconds(seconds).AddMicroseconds(nanoseconds / 1000.0);
        return nanoseconds == 0 ? Timestamps.Format(time) : Timestamps.FormatMicro(time);
    }

    private static bool IsZero(JsonNode node) => node is JsonValue v && v.ToJsonString() is "\"\"" or "0" or "false";

    /// <summary>A field of the message that the value is; the last one counts.</summary>
    private static Value? Part(Value value, int field)
    {
        var reader = new Reader(value.Bytes);
        Value? found = null;
        while (reader.Next(out var number, out var part))
            if (number == field)
                found = part;
        return found;
    }

    private static string Text(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            throw Malformed();
        }
    }

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private static StatusException Malformed() => StatusException.BadRequest("the protobuf body is malformed");

    /// <summary>The content of a field: a number, or bytes.</summary>
    private readonly record struct Value(long Number, ReadOnlyMemory<byte> Bytes, bool IsBytes = false);

    /// <summary>Walks the fields of a message.</summary>
    private struct Reader(ReadOnlyMemory<byte> bytes)
    {
        private ReadOnlyMemory<byte> rest = bytes;

        public readonly bool AtEnd => rest.IsEmpty;

        public bool Next(out int number, out Value value)
        {
            (number, value) = (0, default);
            if (rest.IsEmpty)
                return false;
            var tag = Varint();
            number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    value = new(Varint(), default);
                    break;
                case 1:
                    value = new(BinaryPrimitives.ReadInt64LittleEndian(Take(8).Span), default);
                    break;
                case 2:
                    value = new(0, Take(Varint()), true);
                    break;
                case 5:
                    value = new(BinaryPrimitives.ReadInt32LittleEndian(Take(4).Span), default);
                    break;
                default:
                    throw Malformed();
            }
            return true;
        }

        public long Varint()
        {
            ulong result = 0;
            for (var shift = 0; shift < 70; shift += 7)
            {
                var b = Take(1).Span[0];
                result |= (ulong)(b & 0x7F) << Math.Min(shift, 63);
                if (b < 0x80)
                    return (long)result;
            }
            throw Malformed();
        }

        private ReadOnlyMemory<byte> Take(long length)
        {
            if (length < 0 || length > rest.Length)
                throw Malformed();
            var taken = rest[..(int)length];
            rest = rest[(int)length..];
            return taken;
        }
    }
}
