using CodeZero.Hub.Registry.Domain;

namespace CodeZero.Hub.Registry.Features;

/// <summary>An application in the catalogue.</summary>
/// <param name="App">The manifest's <c>appId</c>.</param>
/// <param name="Icon">Address of its icon; null when it has none.</param>
/// <param name="Latest">The newest release; the newest pre-release while there is no release.</param>
public sealed record ApplicationResource(string Publisher, string App, string Name, string? Summary, string? Icon, Visibility Visibility, VersionResource Latest)
{
    internal static ApplicationResource Of(RegisteredApp app) => new(app.Publisher, app.App, app.Name, app.Summary,
        app.Icon is null ? null : $"/v1/artwork/{app.Icon}", app.Visibility, new(app.LatestVersion, app.LatestDigest, app.LatestPublishedAt));
}

/// <summary>A version in a list.</summary>
public sealed record VersionResource(string Version, string Digest, DateTimeOffset PublishedAt)
{
    internal static VersionResource Of(PublishedApp version) => new(version.Version, version.Digest, version.PublishedAt);
}
