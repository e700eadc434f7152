using System.Net.Http.Headers;

namespace CodeZero.Hub.Client;

/// <summary>Publishing, and the catalogue of what can be installed.</summary>
public sealed class AppsApi
{
    private readonly HubTransport _hub;

    internal AppsApi(HubTransport hub) => _hub = hub;

    /// <summary>Publishes a version. The same content under the same version again gives the same answer.</summary>
    /// <param name="version">SemVer 2.0.0; null lets the Hub derive the next patch version.</param>
    /// <param name="manifest">The manifest file.</param>
    /// <param name="files">The files it refers to: editions, icons, texts.</param>
    public Task<Publication> PublishAsync(
        string org, string app, string? version, ManifestFile manifest, IReadOnlyList<ManifestFile> files, CancellationToken ct = default)
    {
        var path = Address.Of($"v1/orgs/{org}/apps/{app}/versions") + (version is null ? "" : "?version=" + Uri.EscapeDataString(version));
        return _hub.SendContentAsync(HttpMethod.Post, path, Form, WireJson.Default.Publication, ct);

        HttpContent Form()
        {
            var form = new MultipartFormDataContent { { Part(manifest, "application/yaml"), "manifest", manifest.Path } };
            foreach (var file in files)
                form.Add(Part(file, "application/octet-stream"), "file", file.Path);
            return form;
        }
    }

    /// <summary>The organization's own applications.</summary>
    public IAsyncEnumerable<Application> ListAsync(string org, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/orgs/{org}/apps"), WireJson.Default.PageApplication, ct);

    /// <summary>The organization's own application, with the ETag that changing its visibility asks for.</summary>
    public Task<Tagged<Application>> GetAsync(string org, string app, CancellationToken ct = default) =>
        _hub.GetTaggedAsync(Address.Of($"v1/orgs/{org}/apps/{app}"), WireJson.Default.Application, ct);

    /// <summary>Versions, the newest first.</summary>
    public IAsyncEnumerable<VersionName> VersionsAsync(string org, string app, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/orgs/{org}/apps/{app}/versions"), WireJson.Default.PageVersionName, ct);

    /// <summary>Lists an application publicly, or withdraws it.</summary>
    /// <param name="visibility"><c>public</c> or <c>private</c>.</param>
    public Task<Tagged<Application>> SetVisibilityAsync(string org, string app, string visibility, string etag, CancellationToken ct = default) =>
        _hub.SendAsync(HttpMethod.Put, Address.Of($"v1/orgs/{org}/apps/{app}/visibility"), WireJson.Default.Application,
            HubTransport.Json(new VisibilityChange(visibility), WireJson.Default.VisibilityChange), etag, ct);

    /// <summary>The public catalogue.</summary>
    public IAsyncEnumerable<Application> CatalogueAsync(CancellationToken ct = default) =>
        _hub.ListAsync("v1/apps", WireJson.Default.PageApplication, ct);

    /// <summary>An application as everybody who may see it sees it.</summary>
    public Task<Application> FindAsync(string publisher, string app, CancellationToken ct = default) =>
        _hub.GetAsync(Address.Of($"v1/apps/{publisher}/{app}"), WireJson.Default.Application, ct);

    /// <summary>The versions of an application as everybody who may see it sees them, the newest first.</summary>
    public IAsyncEnumerable<VersionName> VersionsOfAsync(string publisher, string app, CancellationToken ct = default) =>
        _hub.ListAsync(Address.Of($"v1/apps/{publisher}/{app}/versions"), WireJson.Default.PageVersionName, ct);

    /// <param name="version">A version, or the <c>sha256:…</c> digest of one.</param>
    public Task<ApplicationVersion> VersionAsync(string publisher, string app, string version, CancellationToken ct = default) =>
        _hub.GetAsync(Address.Of($"v1/apps/{publisher}/{app}/versions/{version}"), WireJson.Default.ApplicationVersion, ct);

    private static ReadOnlyMemoryContent Part(ManifestFile file, string mediaType) =>
        new(file.Content) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } };
}
