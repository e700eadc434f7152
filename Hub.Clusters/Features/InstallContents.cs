using System.Text;
using System.Text.RegularExpressions;
using CodeZero.AgentProtocol;
using CodeZero.AppManifest;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>What somebody asks for, resolved through the catalogue to exact digests, which are then kept here: the cluster gets them even when the catalogue forgets them.</summary>
internal sealed partial class InstallContents(ClustersDb db, ICatalogue catalogue, Caller caller, TimeProvider clock)
{
    /// <summary>Looks up a version and chooses its edition. To be done before the transaction: the catalogue takes a connection of its own.</summary>
    /// <param name="version">Null: the newest.</param>
    /// <param name="edition">Null: the only one, or <see cref="EditionChoice.Default"/>.</param>
    /// <param name="installed">The edition that is installed already, which stays on offer.</param>
    /// <returns>Exactly one of the two.</returns>
    public async Task<(ResolvedContent? Resolved, ProblemHttpResult? Refused)> ResolveAsync(
        string publisher, string app, string? version, string? edition, string? installed, CancellationToken ct)
    {
        if (await catalogue.FindAsync(caller.Organization, publisher, app, version, ct) is not { } published)
            return (null, Problems.Unprocessable("install.version_unknown", version is null
                ? $"There is no application {publisher}/{app}, or nothing of it is published, or your organization may not see it. `czctl app list` shows what there is."
                : $"There is no version {version} of {publisher}/{app} that your organization may install. `czctl app show {publisher}/{app}` lists the versions."));
        if (published.Manifest.Length > AgentApi.MaxBlobBytes)
            return (null, Problems.Unprocessable("install.manifest_too_large",
                $"The manifest of {publisher}/{app} {published.Version} has {published.Manifest.Length} bytes; agents take at most {AgentApi.MaxBlobBytes}. Its publisher must make it smaller."));

        var application = Application.FromCanonical(published.Manifest);
        var offered = EditionChoice.Offered(application, own: publisher == caller.OrganizationSlug, installed);
        if (EditionChoice.Choose(offered, edition) is not { } chosen)
            return (null, Problems.Unprocessable("install.edition_unknown", edition is null
                ? $"{publisher}/{app} {published.Version} has several editions; name one."
                : $"{publisher}/{app} {published.Version} has no edition {edition} on offer. 'editions' lists those it has.",
                new Dictionary<string, object?> { ["editions"] = offered.Select(one => one.Name).ToList() }));
        return (new(EditionChoice.ToContent(published, application, chosen), published.Manifest), null);
    }

    /// <summary>Keeps the manifest of what was resolved.</summary>
    public Task KeepAsync(ResolvedContent resolved, CancellationToken ct) => db.KeepAsync(Blob.Of(caller.Organization, resolved.Manifest.ToArray(), clock.GetUtcNow()), ct);

    /// <summary>Keeps sealed inputs.</summary>
    /// <returns>Their digest, or the refusal; both null when there are none.</returns>
    public async Task<(string? Digest, ProblemHttpResult? Refused)> KeepInputsAsync(string? jwe, CancellationToken ct)
    {
        if (jwe is null)
            return (null, null);
        if (!CompactJwe().IsMatch(jwe))
            return (null, Problems.BadRequest("install.inputs_malformed",
                "The inputs are not a JWE in compact form. Seal them to the cluster's key: the Hub takes no plain answers."));
        var blob = Blob.Of(caller.Organization, Encoding.ASCII.GetBytes(jwe), clock.GetUtcNow());
        await db.KeepAsync(blob, ct);
        return (blob.Digest, null);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){4}\z", RegexOptions.CultureInvariant)]
    private static partial Regex CompactJwe();
}

/// <summary>A version in one of its editions, as yet without inputs, and the manifest that it names.</summary>
internal sealed record ResolvedContent(InstallContent Content, ReadOnlyMemory<byte> Manifest);
