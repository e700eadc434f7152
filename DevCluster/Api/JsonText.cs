using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.DevCluster.Api;

/// <summary>Reading and writing JSON text, with limits for hostile input.</summary>
internal static class JsonText
{
    public const int MaxDepth = 128;
    public static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = MaxDepth * 2 };
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Parses one JSON value. A field given twice, or nesting beyond <see cref="MaxDepth"/>, is an error (400).</summary>
    public static JsonNode? Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return JsonNode.Parse(utf8, documentOptions: Strict);
        }
        catch (JsonException e)
        {
            throw StatusException.BadRequest($"couldn't read the body as JSON: {e.Message}");
        }
    }

    public static byte[] ToUtf8(JsonNode node) => JsonSerializer.SerializeToUtf8Bytes(node, Relaxed);
}
