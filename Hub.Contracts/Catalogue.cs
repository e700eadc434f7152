namespace CodeZero.Hub.Contracts;

/// <summary>An immutable published version, as another module may see it.</summary>
/// <param name="Publisher">Slug of the publishing organization.</param>
/// <param name="App">The manifest's <c>appId</c>.</param>
/// <param name="Version">SemVer 2.0.0.</param>
/// <param name="Digest"><c>sha256:…</c> of <paramref name="Manifest"/>.</param>
/// <param name="Manifest">The canonical JSON bytes.</param>
public sealed record PublishedVersion(string Publisher, string App, string Version, string Digest, ReadOnlyMemory<byte> Manifest, DateTimeOffset PublishedAt);

/// <summary>What other modules may ask of the application registry. Implemented by Hub.Registry.</summary>
public interface ICatalogue
{
    /// <summary>
    /// A version that this organization may install: its own, or a public one. <paramref name="version"/> null means the newest release,
    /// and while there is none the newest pre-release, each by SemVer precedence.
    /// Null when there is none, or none that this organization may see.
    /// </summary>
    Task<PublishedVersion?> FindAsync(Guid organizationId, string publisher, string app, string? version, CancellationToken ct);
}
