using CodeZero.Hub.Platform.Web;
using CodeZero.Hub.Registry.Data;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Registry.Features;

/// <summary>GET /v1/orgs/{org}/apps: the organization's own applications, by name.</summary>
public static class ListApplications
{
    [EndpointSummary("List the organization's own applications")]
    internal static async Task<Ok<Page<ApplicationResource>>> Handle([AsParameters] PageRequest page, HttpContext http, RegistryDb db, CancellationToken ct)
    {
        var after = Cursor.Decode(page.Cursor, parts: 1)?[0] ?? "";
        var rows = await db.Applications.AsNoTracking().Where(app => string.Compare(app.App, after) > 0).OrderBy(app => app.App).Take(page.Take).ToListAsync(ct);
        return page.Answer(http, rows, ApplicationResource.Of, app => [app.App]);
    }
}

/// <summary>GET /v1/orgs/{org}/apps/{app}: one of them, with the ETag that changing it asks for.</summary>
public static class GetApplication
{
    [EndpointSummary("Get one of the organization's own applications")]
    internal static async Task<Results<Ok<ApplicationResource>, ProblemHttpResult>> Handle(string app, HttpResponse response, RegistryDb db, CancellationToken ct)
    {
        if (await db.Applications.AsNoTracking().SingleOrDefaultAsync(found => found.App == app, ct) is not { } application)
            return Problems.NotFound();
        response.Headers.ETag = ETags.OfVersion(application.RowVersion);
        return TypedResults.Ok(ApplicationResource.Of(application));
    }
}

/// <summary>GET /v1/orgs/{org}/apps/{app}/versions: its versions, the newest first.</summary>
public static class ListVersions
{
    [EndpointSummary("List the versions of one of the organization's own applications")]
    internal static async Task<Results<Ok<Page<VersionResource>>, ProblemHttpResult>> Handle(
        string app, [AsParameters] PageRequest page, HttpContext http, RegistryDb db, CancellationToken ct) =>
        await db.Applications.AsNoTracking().SingleOrDefaultAsync(found => found.App == app, ct) is { } application
            ? await AnswerAsync(application, page, http, db, ct)
            : Problems.NotFound();

    internal static async Task<Ok<Page<VersionResource>>> AnswerAsync(Domain.RegisteredApp app, PageRequest page, HttpContext http, RegistryDb db, CancellationToken ct)
    {
        var versions = db.VersionsOf(app).AsNoTracking();
        if (Cursor.Decode(page.Cursor, parts: 1) is [var last])
            versions = versions.Where(version => string.Compare(version.Precedence, last) < 0);
        var rows = await versions.OrderByDescending(version => version.Precedence).Take(page.Take).ToListAsync(ct);
        return page.Answer(http, rows, VersionResource.Of, version => [version.Precedence]);
    }
}
