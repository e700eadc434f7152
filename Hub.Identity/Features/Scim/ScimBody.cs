using System.Text.Json;
using CodeZero.Hub.Identity.Scim;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Features;

/// <summary>The body of a SCIM request, read before its transaction begins. What is wrong with it is told when the handler asks for it, so that it is told as SCIM tells it.</summary>
internal sealed class ScimBody
{
    /// <summary>The largest body: a group with all its members.</summary>
    public const int MaxBytes = 4 << 20;

    /// <summary>The media type of SCIM (RFC 7644 §8.1). <c>application/json</c> is taken too.</summary>
    public const string MediaType = "application/scim+json";

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    private readonly JsonElement _json;
    private readonly ScimException? _fault;

    private ScimBody(JsonElement json, ScimException? fault) => (_json, _fault) = (json, fault);

    /// <summary>The body as JSON of which every name and text can be read.</summary>
    public JsonElement Json => _fault is null ? _json : throw _fault;

    /// <summary>Reads the body of a request.</summary>
    public static async ValueTask<ScimBody> BindAsync(HttpContext context)
    {
        var type = context.Request.GetTypedHeaders().ContentType?.MediaType;
        if (type is not { } given || !(given.Equals(MediaType, StringComparison.OrdinalIgnoreCase) || given.Equals("application/json", StringComparison.OrdinalIgnoreCase)))
            return new(default, new(StatusCodes.Status415UnsupportedMediaType, null, $"The body must be {MediaType}."));
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, Strict, context.RequestAborted);
            Read(document.RootElement);
            return new(document.RootElement.Clone(), null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: an escape that stands for half a character
        {
            return new(default, ScimException.InvalidSyntax("The body is not JSON, or has a name twice or a text that is none."));
        }
    }

    private static void Read(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    Read(item);
                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    Read(property.Value);
                }
                break;
        }
    }
}
