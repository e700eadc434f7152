using System.Text.Json;
using CodeZero.AppManifest.Reading;

namespace CodeZero.AppManifest;

/// <summary>Who may see and install an edition.</summary>
public enum EditionStatus
{
    /// <summary>Only the owning organization. The default.</summary>
    Private,

    /// <summary>Everybody.</summary>
    Public,

    /// <summary>Kept for those who have it; not listed, not offered for a new install.</summary>
    Deprecated,
}

/// <summary>One application as published: normalised, validated, immutable. Its identity is <see cref="Digest"/>.</summary>
public sealed record Application
{
    /// <summary>The key in the Hub and the default name in a cluster: a DNS label of at most 40 characters without <c>--</c>.</summary>
    public required string AppId { get; init; }

    /// <summary>For people; at most 80 characters.</summary>
    public required string Name { get; init; }

    /// <summary>The provisioner's npm package for editions that name none.</summary>
    public string? Package { get; init; }

    /// <summary>Markdown, at most 1,000 characters.</summary>
    public string? Summary { get; init; }

    /// <summary>Markdown, at most 20,000 characters.</summary>
    public string? Description { get; init; }

    /// <summary>One of <see cref="AppManifest.Categories"/>.</summary>
    public string? Category { get; init; }

    public IReadOnlyList<string> Keywords { get; init; } = [];

    /// <summary>URL of the application's source.</summary>
    public string? Repo { get; init; }

    /// <summary>A URL, or Markdown.</summary>
    public string? License { get; init; }

    /// <inheritdoc cref="License"/>
    public string? Support { get; init; }

    /// <inheritdoc cref="License"/>
    public string? Terms { get; init; }

    /// <inheritdoc cref="License"/>
    public string? Privacy { get; init; }

    public Artwork? Icon { get; init; }

    public IReadOnlyList<Artwork> Screenshots { get; init; } = [];

    /// <summary>A YouTube video id.</summary>
    public string? YouTubeVideo { get; init; }

    /// <summary>About the provisioner's code, not the application's.</summary>
    public ProvisionerInfo? Provisioner { get; init; }

    /// <summary>Belongs to the platform itself.</summary>
    public bool IsSystem { get; init; }

    /// <summary>The fixed Hub id of a platform application.</summary>
    public string? FixedId { get; init; }

    /// <summary>At least one; names are unique.</summary>
    public required IReadOnlyList<Edition> Editions { get; init; }

    /// <summary>The artwork files that were there to be read, with their content's digest.</summary>
    public IReadOnlyList<Asset> Assets { get; init; } = [];

    /// <summary>The normalised manifest with all editions as canonical JSON (RFC 8785). Order and comments of the source do not show in it.</summary>
    public required ReadOnlyMemory<byte> Canonical { get; init; }

    /// <summary>The digest of <see cref="Canonical"/>.</summary>
    public required Digest Digest { get; init; }

    /// <summary>The edition of this name, or nothing.</summary>
    public Edition? Edition(string name) => Editions.FirstOrDefault(e => e.Name == name);

    /// <summary>Reads <see cref="Canonical"/> back. Members of a newer writer are kept in it, and not understood.</summary>
    /// <exception cref="FormatException">The bytes are not canonical JSON, or not an application.</exception>
    public static Application FromCanonical(ReadOnlyMemory<byte> canonical)
    {
        if (!CanonicalJson.IsCanonical(canonical))
            throw new FormatException("These bytes are not canonical JSON (RFC 8785).");
        using var document = JsonDocument.Parse(canonical);
        var context = new ReadContext(ManifestOptions.Default, fromCanonical: true);
        var application = NodeJson.Read(document.RootElement, context) is { } node ? new ApplicationReader(context, files: null).Read(node) : null;
        if (application is null || context.Fatal > 0)
            throw new FormatException("This is not an application: " + context.Diagnostics.First(d => d.Severity == Severity.Error));
        var bytes = canonical.ToArray();
        return application with { Canonical = bytes, Digest = Digest.Of(bytes) };
    }
}

/// <summary>About the code of the provisioner.</summary>
public sealed record ProvisionerInfo(string? Repo, string? Support, string? License, string? Terms, string? Privacy);

/// <summary>One way to install an application.</summary>
/// <param name="Name">A label value, unique in the application.</param>
/// <param name="Interfaces">Kinds of service the application offers to others; each becomes a label of the App.</param>
/// <param name="Spec">
/// The normalised <c>spec</c>: its provisioner names its package, and what becomes an environment variable is a text.
/// <see cref="EditionSpec"/> gives it types.
/// </param>
public sealed record Edition(string Name, EditionStatus Status, IReadOnlyList<string> Interfaces, JsonElement Spec);
