using CodeZero.AppManifest;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Web;
using CodeZero.Hub.Registry.Data;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;

namespace CodeZero.Hub.Registry.Features;

/// <summary>
/// GET /v1/artwork/{digest}: an image by the digest of its bytes, for <c>img</c> elements, which send no credentials. An SVG opened by itself is sandboxed:
/// no script, no fetching, no origin.
/// </summary>
public static class GetArtwork
{
    private const string Sandbox = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox";

    [EndpointSummary("Get an image by the digest of its bytes")]
    internal static async Task<Results<FileContentHttpResult, ProblemHttpResult>> Handle(string digest, HttpResponse response, RegistryDb db, CancellationToken ct)
    {
        if (!Digest.TryParse(digest, out _))
            return Problems.NotFound();
        var image = await db.Artwork.IgnoreQueryFilters([ModuleDatabase.TenantFilter]).AsNoTracking().FirstOrDefaultAsync(found => found.Digest == digest, ct);
        if (image is null)
            return Problems.NotFound();
        response.Headers.CacheControl = "public, max-age=31536000, immutable";
        response.Headers.ContentSecurityPolicy = Sandbox;
        response.Headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        return TypedResults.Bytes(image.Content, image.MediaType, entityTag: new EntityTagHeaderValue($"\"{image.Digest}\""));
    }
}
