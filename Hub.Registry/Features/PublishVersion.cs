using CodeZero.AppManifest;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using CodeZero.Hub.Registry.Data;
using CodeZero.Hub.Registry.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Registry.Features;

/// <summary>POST /v1/orgs/{org}/apps/{app}/versions?version=: publishes a version, once. See <see cref="Upload"/> for the body.</summary>
public static partial class PublishVersion
{
    /// <summary>A version as published, with what the parser found and accepted, and the names of all applications in the file.</summary>
    public sealed record Response(
        string Publisher, string App, string Version, string Digest, DateTimeOffset PublishedAt, Visibility Visibility,
        IReadOnlyList<ManifestDiagnostic> Warnings, IReadOnlyList<string> Applications);

    [EndpointSummary("Publish a version of an application")]
    internal static async Task<Results<Created<Response>, Ok<Response>, ProblemHttpResult>> Handle(
        string app, string? version, HttpRequest request, RegistryDb db, Caller caller, IAuditLog audit, IOptions<RegistryOptions> options,
        TimeProvider clock, ILogger<RegisteredApp> log, CancellationToken ct)
    {
        SemVersion? wanted = null;
        if (version is not null && !SemVersion.TryParse(version, out wanted))
            return Problems.BadRequest("version.invalid", "The version must be SemVer 2.0.0, such as 1.2.3 or 2.0.0-rc.1: three numbers without leading zeros, at most 128 characters in all.");
        var (files, problem) = await Upload.ReadAsync(request, ct);
        if (files is null)
            return problem!;

        var platform = string.Equals(options.Value.PlatformPublisher, caller.OrganizationSlug, StringComparison.Ordinal);
        var parsed = ManifestParser.Parse(files, new ManifestOptions { PlatformPublisher = platform });
        if (parsed.HasErrors)
            return Invalid(parsed.Diagnostics);
        if (parsed.Applications.FirstOrDefault(found => found.AppId == app) is not { } application)
            return Problems.Unprocessable("app.mismatch", $"The manifest holds {string.Join(", ", parsed.Applications.Select(found => found.AppId))}, but the address names {app}. Publish each application under its own appId.");
        var artworks = Artworks.Of(application, files);
        var findings = parsed.Diagnostics.Concat(artworks.Findings).Concat(Others(parsed, application, files.Name)).ToList();
        if (artworks.Findings.Any(finding => finding.Severity == Severity.Error))
            return Invalid(findings);

        // Nothing above holds a connection, however slowly the body came.
        await db.Database.BeginTransactionAsync(ct);
        var outcome = await StoreAsync(db, caller, audit, application, wanted, artworks, clock.GetUtcNow(), ct);
        var response = () => new Response(caller.OrganizationSlug, app, outcome.Version, outcome.Digest, outcome.PublishedAt, outcome.Visibility,
            [.. findings.Select(ManifestDiagnostic.Of)], [.. parsed.Applications.Select(found => found.AppId)]);
        if (outcome.Digest != application.Digest.ToString())
            return ContentDiffers(app, outcome, application.Digest);
        if (!outcome.IsNew)
            return TypedResults.Ok(response());
        Published(log, caller.Organization, app, outcome.Version, outcome.Digest);
        return TypedResults.Created($"/v1/apps/{caller.OrganizationSlug}/{app}/versions/{Uri.EscapeDataString(outcome.Version)}", response());
    }

    /// <summary>What is in the registry now: the version just added, or the one that was there.</summary>
    private sealed record Outcome(bool IsNew, string Version, string Digest, DateTimeOffset PublishedAt, Visibility Visibility);

    private static async Task<Outcome> StoreAsync(
        RegistryDb db, Caller caller, IAuditLog audit, Application application, SemVersion? wanted, Artworks artworks, DateTimeOffset now, CancellationToken ct)
    {
        // Two publishers of one version must not both find it free, nor two derived versions be the same.
        await db.LockAsync(application.AppId, ct);
        var app = await db.Applications.SingleOrDefaultAsync(found => found.App == application.AppId, ct);
        if (app is not null && await TakenAsync(db, app, wanted, application.Digest, ct) is { } taken)
            return new(false, taken.Version, taken.Digest, taken.PublishedAt, app.Visibility);

        var version = wanted ?? await NextAsync(db, app, ct);
        if (app is null)
            db.Add(app = RegisteredApp.Create(caller.Organization, caller.OrganizationSlug, application.AppId, now));
        foreach (var image in artworks.Images)
            await db.KeepAsync(new ArtworkFile(caller.Organization, image.Digest, image.MediaType, image.Content, now), ct);
        db.Add(app.Publish(version, application, artworks.Icon, caller.Id, now));
        await db.SaveChangesAsync(ct);
        await audit.RecordAsync(new("app.published", "app", app.Id) { TargetName = $"{app.Publisher}/{app.App}", After = new { Version = version.Text, Digest = application.Digest.ToString() } }, ct);
        return new(true, version.Text, application.Digest.ToString(), now, app.Visibility);
    }

    /// <summary>The version that already stands where this one would; where none is asked for, the newest when it has this very content.</summary>
    private static async Task<PublishedApp?> TakenAsync(RegistryDb db, RegisteredApp app, SemVersion? wanted, Digest digest, CancellationToken ct)
    {
        var versions = db.VersionsOf(app).AsNoTracking();
        if (wanted is not null)
            return await versions.SingleOrDefaultAsync(found => found.Precedence == wanted.Precedence, ct);
        var newest = await versions.OrderByDescending(found => found.Precedence).FirstAsync(ct);
        return newest.Digest == digest.ToString() ? newest : null;
    }

    private static async Task<SemVersion> NextAsync(RegistryDb db, RegisteredApp? app, CancellationToken ct)
    {
        if (app is null)
            return SemVersion.First;
        var newest = await db.VersionsOf(app).OrderByDescending(found => found.Precedence).Select(found => found.Version).FirstAsync(ct);
        return SemVersion.TryParse(newest, out var version) ? version.Next() : throw new InvalidOperationException($"The registry holds {newest}, which is no version.");
    }

    private static IEnumerable<Diagnostic> Others(ManifestResult parsed, Application application, string file) => parsed.Applications
        .Where(other => other.AppId != application.AppId)
        .Select(other => new Diagnostic(Severity.Warning, "manifest.other_application", $"{other.AppId} is in this file too and was not published. Publish it under its own name.", file, 0, 0, ""));

    private static ProblemHttpResult Invalid(IReadOnlyList<Diagnostic> diagnostics)
    {
        var first = diagnostics.First(diagnostic => diagnostic.Severity == Severity.Error);
        return Problems.Unprocessable("manifest.invalid", $"The manifest cannot be published. {first} The others are in 'diagnostics'.",
            new Dictionary<string, object?> { ["diagnostics"] = diagnostics.Select(ManifestDiagnostic.Of).ToArray() });
    }

    private static ProblemHttpResult ContentDiffers(string app, Outcome outcome, Digest given) => Problems.Conflict("version.content_differs",
        $"{app} {outcome.Version} is published as {outcome.Digest}, this is {given}, and versions never change. Publish it under a new version.",
        new Dictionary<string, object?> { ["version"] = outcome.Version, ["published"] = outcome.Digest, ["given"] = given.ToString() });

    [LoggerMessage(2001, LogLevel.Information, "Organization {Organization} published {App} {Version} as {Digest}")]
    private static partial void Published(ILogger log, Guid organization, string app, string version, string digest);
}

/// <summary>A finding in a manifest; line and column count from 1, and are 0 where no place is known.</summary>
public sealed record ManifestDiagnostic(Severity Severity, string Code, string Message, string File, int Line, int Column, string Path)
{
    internal static ManifestDiagnostic Of(Diagnostic found) => new(found.Severity, found.Code, found.Message, found.File, found.Line, found.Column, found.Path);
}
