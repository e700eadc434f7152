using System.Text;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>
/// OpenAPI v2 in the protobuf form that older parts of kubectl insist on (the <c>openapi.v2.Document</c> message of gnostic).
/// Field numbers are those of that message's definition.
/// </summary>
internal static class OpenApiProtobuf
{
    /// <summary>What clients ask for. As a Content-Type the @ is none (RFC 9110 §8.3.1), and kubectl refuses to read it.</summary>
    public const string AcceptedType = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

    private const string ContentType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    public static Task WriteAsync(HttpResponse response, JsonObject document)
    {
        var bytes = Document(document).ToArray();
        response.ContentType = ContentType;
        response.ContentLength = bytes.Length;
        return response.Body.WriteAsync(bytes).AsTask();
    }

    private static Message Document(JsonObject document) => new Message()
        .Text(1, document.StringAt("swagger"))
        .Embed(2, new Message().Text(1, document.StringAt("info", "title")).Text(2, document.StringAt("info", "version")))
        .Embed(8, new Message())
        .Embed(9, Named((JsonObject)document["definitions"]!, Schema));

    /// <summary>A list of name and value pairs, as gnostic writes maps.</summary>
    private static Message Named(JsonObject map, Func<JsonNode, Message> value)
    {
        var message = new Message();
        foreach (var (name, node) in map)
            message.Embed(1, new Message().Text(1, name).Embed(2, value(node!)));
        return message;
    }

    private static Message Schema(JsonNode schema)
    {
        var message = new Message().Text(1, schema.StringAt("$ref")).Text(2, schema.StringAt("format")).Text(4, schema.StringAt("description"));
        foreach (var required in schema["required"] as JsonArray ?? [])
            message.Text(19, required.AsString());
        if (schema["additionalProperties"] is JsonObject values)
            message.Embed(21, new Message().Embed(1, Schema(values)));
        if (schema.StringAt("type") is { } type)
            message.Embed(22, new Message().Text(1, type));
        if (schema["items"] is JsonObject items)
            message.Embed(23, new Message().Embed(1, Schema(items)));
        foreach (var part in schema.ObjectsAt("allOf"))
            message.Embed(24, Schema(part));
        if (schema["properties"] is JsonObject properties)
            message.Embed(25, Named(properties, Schema));
        foreach (var (name, value) in ((JsonObject)schema).Where(p => p.Key.StartsWith("x-", StringComparison.Ordinal)))
            message.Embed(31, new Message().Text(1, name).Embed(2, new Message().Text(2, value!.ToJsonString(JsonText.Relaxed))));
        return message;
    }

    /// <summary>A protobuf message under construction (length-delimited fields only).</summary>
    private sealed class Message
    {
        private readonly List<byte> bytes = [];

        public byte[] ToArray() => bytes.ToArray();

        public Message Text(int field, string? value) => value is null ? this : Write(field, Encoding.UTF8.GetBytes(value));

        public Message Embed(int field, Message value) => Write(field, value.ToArray());

        private Message Write(int field, byte[] value)
        {
            Varint((uint)field << 3 | 2);
            Varint((uint)value.Length);
            bytes.AddRange(value);
            return this;
        }

        private void Varint(uint value)
        {
            for (; value >= 0x80; value >>= 7)
                bytes.Add((byte)(value | 0x80));
            bytes.Add((byte)value);
        }
    }
}
