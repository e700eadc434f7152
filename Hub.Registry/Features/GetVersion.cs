using System.Net.Mime;
using System.Text.Json;
using CodeZero.Hub.Platform.Web;
using CodeZero.Hub.Registry.Data;
using CodeZero.Hub.Registry.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace CodeZero.Hub.Registry.Features;

/// <summary>
/// GET /v1/apps/{publisher}/{app}/versions/{version}: a version, by its name or its digest, with its manifest. It never changes, so its digest is its ETag
/// and public ones may be kept for a day; a private one is asked for again, as it may no longer be the reader's to see.
/// </summary>
public static class GetVersion
{
    /// <param name="Manifest">Canonical JSON (RFC 8785), whose SHA-256 is <paramref name="Digest"/>.</param>
    public sealed record Response(string Publisher, string App, string Version, string Digest, DateTimeOffset PublishedAt, JsonElement Manifest);

    private const string ForADay = "public, max-age=86400, immutable", AskAgain = "private, no-cache";

    [EndpointSummary("Get a version with its manifest")]
    internal static async Task<Results<FileContentHttpResult, ProblemHttpResult>> Handle(
        string publisher, string app, string version, HttpContext http, RegistryDb db, CancellationToken ct)
    {
        var owner = Publisher.Of(http);
        if (await db.FindVersionAsync(owner.OrganizationId, app, version, ct) is not var (found, published))
            return Problems.NotFound();
        http.Response.Headers.CacheControl = found.Visibility == Visibility.Public ? ForADay : AskAgain;
        http.Response.Headers.Vary = HeaderNames.Authorization;
        return TypedResults.Bytes(Write(publisher, published, app), MediaTypeNames.Application.Json, entityTag: new EntityTagHeaderValue($"\"{published.Digest}\""));
    }

    /// <summary>The manifest goes out byte for byte as it was digested.</summary>
    private static byte[] Write(string publisher, PublishedApp version, string app)
    {
        using var buffer = new MemoryStream(version.Manifest.Length + 512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("publisher", publisher);
            json.WriteString("app", app);
            json.WriteString("version", version.Version);
            json.WriteString("digest", version.Digest);
            json.WriteString("publishedAt", version.PublishedAt);
            json.WritePropertyName("manifest");
            json.WriteRawValue(version.Manifest, skipInputValidation: true);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }
}
