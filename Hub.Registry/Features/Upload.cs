using CodeZero.AppManifest;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace CodeZero.Hub.Registry.Features;

/// <summary>
/// What a publisher sends: one manifest as <c>application/yaml</c> (RFC 9512), or <c>multipart/form-data</c> (RFC 7578) with the part <c>manifest</c> and one part for
/// each further file, whose file name is its path relative to the manifest's directory.
/// </summary>
internal static class Upload
{
    /// <summary>The largest request body: 5 MiB.</summary>
    public const long MaxBytes = 5 << 20;

    /// <summary>50 editions, an icon, 10 screenshots, and texts.</summary>
    public const int MaxFiles = 80;

    /// <summary>RFC 9512 §2.1, and the names that were used before it.</summary>
    public static readonly string[] YamlMediaTypes = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"];

    private const string ManifestPart = "manifest", DefaultName = "c6o.yaml";

    /// <summary>Reads the body.</summary>
    /// <returns>Either the files, or the refusal.</returns>
    public static async Task<(ManifestFiles? Files, ProblemHttpResult? Problem)> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type))
            return (null, WrongMediaType());
        if (YamlMediaTypes.Contains(type.MediaType.Value, StringComparer.OrdinalIgnoreCase))
            return (ManifestFiles.InMemory(DefaultName, await ReadAllAsync(request.Body, ct)), null);
        if (!type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase) || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 and <= 70 } boundary)
            return (null, WrongMediaType());
        try
        {
            return await ReadFormAsync(new MultipartReader(boundary, request.Body) { BodyLengthLimit = MaxBytes, HeadersCountLimit = 8, HeadersLengthLimit = 4 * 1024 }, ct);
        }
        catch (Exception e) when (e is IOException and not BadHttpRequestException or InvalidDataException)
        {
            return (null, BadForm("The multipart body ends early or is not well-formed (RFC 7578)."));
        }
    }

    private static async Task<(ManifestFiles?, ProblemHttpResult?)> ReadFormAsync(MultipartReader reader, CancellationToken ct)
    {
        (string Name, ReadOnlyMemory<byte> Content)? manifest = null;
        var files = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        while (await reader.ReadNextSectionAsync(ct) is { } section)
        {
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase))
                return (null, BadForm("A part has no Content-Disposition: form-data."));
            var isManifest = HeaderUtilities.RemoveQuotes(disposition.Name).Equals(ManifestPart, StringComparison.Ordinal);
            var path = FileName(disposition);
            var content = await ReadAllAsync(section.Body, ct);
            if (isManifest && manifest is not null)
                return (null, BadForm("There are two parts named manifest. Send one."));
            if (isManifest)
                manifest = (path is { Length: > 0 } ? path[(path.LastIndexOf('/') + 1)..] : DefaultName, content);
            else if (path is not { Length: > 0 })
                return (null, BadForm("A part other than manifest has no file name. Its file name is its path relative to the manifest."));
            else if (files.Count == MaxFiles)
                return (null, BadForm($"There are more than {MaxFiles} files beside the manifest."));
            else if (!files.TryAdd(path, content))
                return (null, BadForm("Two parts have the same file name. Send each file once."));
        }
        return manifest is { } found
            ? (ManifestFiles.InMemory(found.Name, found.Content, files), null)
            : (null, BadForm("The part manifest is missing."));
    }

    private static string? FileName(ContentDispositionHeaderValue disposition)
    {
        var name = disposition.FileNameStar.HasValue ? disposition.FileNameStar : HeaderUtilities.RemoveQuotes(disposition.FileName);
        return name.Value;
    }

    private static async Task<byte[]> ReadAllAsync(Stream body, CancellationToken ct)
    {
        using var buffer = new MemoryStream();
        await body.CopyToAsync(buffer, ct);
        return buffer.ToArray();
    }

    private static ProblemHttpResult WrongMediaType() => Problems.Create(StatusCodes.Status415UnsupportedMediaType, "publish.media_type",
        "Send the manifest as application/yaml, or as multipart/form-data with the part manifest and one part for each further file.");

    private static ProblemHttpResult BadForm(string detail) => Problems.BadRequest("publish.form", detail);
}
