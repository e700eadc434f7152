using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;
using Microsoft.Net.Http.Headers;

namespace CodeZero.DevCluster.Api;

/// <summary>What the client wants to read: plain objects, tables or metadata only, as JSON or YAML.</summary>
internal sealed record Representation(string MediaType, string As = "", string Version = "")
{
    public bool IsYaml => MediaType == "application/yaml";
    public bool IsTable => As == "Table";
    public bool IsMetadata => As is "PartialObjectMetadata" or "PartialObjectMetadataList";

    /// <summary>The first acceptable entry of the Accept header; 406 when there is none.</summary>
    public static Representation Of(HttpRequest request)
    {
        var accept = request.Headers.Accept;
        if (accept.Count == 0 || !MediaTypeHeaderValue.TryParseList(accept, out var ranges))
            return new("application/json");
        foreach (var range in ranges.OrderByDescending(r => r.Quality ?? 1))
        {
            string Parameter(string name) => range.Parameters.FirstOrDefault(p => p.Name == name)?.Value.Value?.Trim('"') ?? "";
            var (type, view, version) = (range.MediaType.Value?.ToLowerInvariant(), Parameter("as"), Parameter("v"));
            if (view is not ("" or "Table" or "PartialObjectMetadata" or "PartialObjectMetadataList") || (view.Length > 0 && version is not ("v1" or "v1beta1")))
                continue;
            if (type is "application/json" or "application/yaml" or "*/*" or "application/*" or "text/*")
                return new(type == "application/yaml" ? type : "application/json", view, version);
        }
        throw StatusException.NotAcceptable();
    }
}

/// <summary>Reads request bodies and writes responses.</summary>
internal static class Http
{
    public const long MaxBodyBytes = 3 * 1024 * 1024;

    /// <summary>What is read and thrown away of a body that is too large, so that its sender gets to read the answer.</summary>
    public const long MaxDrainedBytes = 64 * 1024 * 1024;

    public static async Task<byte[]> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(chunk, ct)) > 0)
            if (buffer.Length <= MaxBodyBytes)
                buffer.Write(chunk, 0, read);
        return buffer.Length <= MaxBodyBytes ? buffer.ToArray() : throw StatusException.TooLarge(MaxBodyBytes);
    }

    /// <summary>The body as an object: JSON unless the content type says YAML or protobuf.</summary>
    /// <param name="schema">What a protobuf body is read by.</param>
    public static async Task<JsonObject> ReadObjectAsync(HttpRequest request, Schema schema, CancellationToken ct) =>
        Parse(MediaType(request), await ReadAsync(request, ct), schema) as JsonObject ?? throw StatusException.BadRequest("the body must be an object");

    public static JsonNode? Parse(string mediaType, byte[] body, Schema schema) => mediaType switch
    {
        "" or "application/json" => JsonText.Parse(body),
        "application/yaml" => YamlText.Parse(body),
        ProtobufBody.MediaType when schema.Source is null => ProtobufBody.Parse(body, schema),
        _ => throw StatusException.Unsupported($"the body of the request was in an unknown format ({mediaType}) - accepted media types include: application/json, application/yaml"),
    };

    public static string MediaType(HttpRequest request) => MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ? type.MediaType.Value!.ToLowerInvariant() : "";

    public static Task WriteAsync(HttpResponse response, int code, JsonNode body, bool yaml = false, string? contentType = null)
    {
        response.StatusCode = code;
        response.ContentType = contentType ?? (yaml ? "application/yaml" : "application/json");
        var bytes = yaml ? YamlText.ToUtf8(body) : JsonText.ToUtf8(body);
        response.ContentLength = bytes.Length;
        return response.Body.WriteAsync(bytes).AsTask();
    }
}
