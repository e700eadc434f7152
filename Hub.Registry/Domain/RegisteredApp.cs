using CodeZero.AppManifest;
using CodeZero.Hub.Platform.Data;

namespace CodeZero.Hub.Registry.Domain;

/// <summary>Who may see and install an application.</summary>
public enum Visibility
{
    /// <summary>The publishing organization.</summary>
    Private,

    /// <summary>Everybody.</summary>
    Public,
}

/// <summary>An application of an organization: its place in the catalogue, told by its latest version.</summary>
internal sealed class RegisteredApp : ITenantOwned
{
    private RegisteredApp() { }

    public Guid OrganizationId { get; private set; }
    public Guid Id { get; private set; }

    /// <summary>The manifest's <c>appId</c>.</summary>
    public string App { get; private set; } = "";

    /// <summary>The organization's slug, kept here so that a page of the catalogue is one query.</summary>
    public string Publisher { get; private set; } = "";

    public string Name { get; private set; } = "";
    public string? Summary { get; private set; }

    /// <summary>Digest of the icon.</summary>
    public string? Icon { get; private set; }

    public Visibility Visibility { get; private set; }

    /// <summary>The newest release; the newest pre-release while there is no release.</summary>
    public string LatestVersion { get; private set; } = "";

    public string LatestDigest { get; private set; } = "";
    public DateTimeOffset LatestPublishedAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public uint RowVersion { get; private set; }

    public static RegisteredApp Create(Guid organization, string publisher, string app, DateTimeOffset now) => new()
    {
        OrganizationId = organization,
        Id = Guid.CreateVersion7(now),
        App = app,
        Publisher = publisher,
        Visibility = Visibility.Private,
        CreatedAt = now,
    };

    /// <summary>Adds a version, and shows it when it is the latest.</summary>
    public PublishedApp Publish(SemVersion version, Application application, Digest? icon, Guid publishedBy, DateTimeOffset now)
    {
        if (LatestVersion.Length == 0 || (SemVersion.TryParse(LatestVersion, out var latest) && IsLater(version, latest)))
        {
            (Name, Summary, Icon) = (application.Name, application.Summary, icon?.ToString());
            (LatestVersion, LatestDigest, LatestPublishedAt) = (version.Text, application.Digest.ToString(), now);
        }
        return new PublishedApp(this, version, application, publishedBy, now);
    }

    public void Show(Visibility visibility) => Visibility = visibility;

    /// <summary>A release is later than every pre-release: nobody gets a pre-release without asking for it.</summary>
    private static bool IsLater(SemVersion version, SemVersion than) => version.IsPrerelease != than.IsPrerelease
        ? than.IsPrerelease
        : string.CompareOrdinal(version.Precedence, than.Precedence) > 0;
}

/// <summary>One immutable version of an application. The database refuses to change or delete it.</summary>
internal sealed class PublishedApp : ITenantOwned
{
    private PublishedApp() { }

    public PublishedApp(RegisteredApp app, SemVersion version, Application application, Guid publishedBy, DateTimeOffset now)
    {
        (OrganizationId, Id, ApplicationId) = (app.OrganizationId, Guid.CreateVersion7(now), app.Id);
        (Version, Precedence) = (version.Text, version.Precedence);
        (Digest, Manifest) = (application.Digest.ToString(), application.Canonical.ToArray());
        (PublishedBy, PublishedAt) = (publishedBy, now);
    }

    public Guid OrganizationId { get; private set; }
    public Guid Id { get; private set; }
    public Guid ApplicationId { get; private set; }
    public string Version { get; private set; } = "";

    /// <inheritdoc cref="SemVersion.Precedence"/>
    public string Precedence { get; private set; } = "";

    public string Digest { get; private set; } = "";

    /// <summary>Canonical JSON.</summary>
    public byte[] Manifest { get; private set; } = [];

    public Guid PublishedBy { get; private set; }
    public DateTimeOffset PublishedAt { get; private set; }
}

/// <summary>An image by the digest of its bytes.</summary>
internal sealed class ArtworkFile : ITenantOwned
{
    private ArtworkFile() { }

    public ArtworkFile(Guid organization, Digest digest, string mediaType, ReadOnlyMemory<byte> content, DateTimeOffset now) =>
        (OrganizationId, Digest, MediaType, Content, CreatedAt) = (organization, digest.ToString(), mediaType, content.ToArray(), now);

    public Guid OrganizationId { get; private set; }
    public string Digest { get; private set; } = "";

    /// <summary>By its first bytes, never by its name.</summary>
    public string MediaType { get; private set; } = "";

    public byte[] Content { get; private set; } = [];
    public DateTimeOffset CreatedAt { get; private set; }
}
