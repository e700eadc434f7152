using System.Net.Mime;
using System.Text.Json;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using CodeZero.Hub.Registry.Data;
using CodeZero.Hub.Registry.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace CodeZero.Hub.Registry.Features;

/// <summary>
/// GET /v1/apps/{publisher}/{app}/versions/{version}: a version, by its name or its digest, with its manifest. Under its name it never changes, and a public one may be kept for
/// a day. Under its digest it is the highest version of this content, which a later one may become: that is asked for again, and so is what is private, as it may no
/// longer be the reader's to see.
/// </summary>
public static class GetVersion
{
    /// <param name="Manifest">Canonical JSON (RFC 8785), whose SHA-256 is <paramref name="Digest"/>.</param>
    public sealed record Response(string Publisher, string App, string Version, string Digest, DateTimeOffset PublishedAt, JsonElement Manifest);

    private const string ForADay = "public, max-age=86400, immutable", AskAgain = "public, no-cache", AskAgainAlone = "private, no-cache";

    [EndpointSummary("Get a version with its manifest")]
    internal static async Task<Results<FileContentHttpResult, ProblemHttpResult>> Handle(
        string publisher, string app, string version, HttpContext http, Tenant tenant, PublicApplications everybodys, VersionAnswers answers, CancellationToken ct)
    {
        var found = tenant.OrganizationId is null
            ? await FindPublicAsync(http, everybodys, answers, publisher, app, version, ct)
            : await FindAsync(http, answers, publisher, app, version, ct);
        if (found is not var (visibility, answer))
            return Problems.NotFound();
        var byName = version == answer.Version;
        http.Response.Headers.CacheControl = visibility != Visibility.Public ? AskAgainAlone : byName ? ForADay : AskAgain;
        http.Response.Headers.Vary = HeaderNames.Authorization;
        var tag = byName ? ETags.OfDigest(answer.Digest) : ETags.OfDigest($"{answer.Digest}/{answer.Version}");
        return TypedResults.Bytes(answer.Json, MediaTypeNames.Application.Json, entityTag: new EntityTagHeaderValue(tag));
    }

    /// <summary>For who has nothing of their own to see, which is nearly everybody: one look whether the application is public, and the answer from memory when it was given before.</summary>
    private static async Task<(Visibility, VersionAnswer)?> FindPublicAsync(
        HttpContext http, PublicApplications everybodys, VersionAnswers answers, string publisher, string app, string version, CancellationToken ct) =>
        await everybodys.FindIdAsync(publisher, app, ct) is not { } id ? null
        : answers.Find(id, publisher, version) is { } known ? (Visibility.Public, known)
        : await FindAsync(http, answers, publisher, app, version, ct);

    /// <summary>Whether the reader may see it is asked each time. What it says under its name never changes, and may come from memory.</summary>
    private static Task<(Visibility, VersionAnswer)?> FindAsync(HttpContext http, VersionAnswers answers, string publisher, string app, string version, CancellationToken ct)
    {
        var db = http.RequestServices.GetRequiredService<RegistryDb>();
        return db.InTransactionAsync<RegistryDb, (Visibility, VersionAnswer)?>(async () =>
        {
            if (await db.CatalogueOf(publisher, app).SingleOrDefaultAsync(ct) is not { } application)
                return null;
            if (answers.Find(application.Id, publisher, version) is { } known)
                return (application.Visibility, known);
            if (await db.FindVersionAsync(application, version, ct) is not { } published)
                return null;
            var answer = new VersionAnswer(published.Version, published.Digest, Write(application, published));
            if (published.Version == version)
                answers.Keep(application.Id, publisher, answer);
            return (application.Visibility, answer);
        }, ct);
    }

    /// <summary>The manifest goes out byte for byte as it was digested.</summary>
    private static byte[] Write(RegisteredApp app, PublishedApp version)
    {
        using var buffer = new MemoryStream(version.Manifest.Length + 512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("publisher", app.Publisher);
            json.WriteString("app", app.App);
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
