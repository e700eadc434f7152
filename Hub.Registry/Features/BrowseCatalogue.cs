using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Web;
using CodeZero.Hub.Registry.Data;
using CodeZero.Hub.Registry.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Registry.Features;

/// <summary>GET /v1/apps: the public catalogue, by publisher and name. Private applications are in no list but their organization's.</summary>
public static class BrowseCatalogue
{
    [EndpointSummary("List the public applications")]
    internal static async Task<Ok<Page<ApplicationResource>>> Handle([AsParameters] PageRequest page, HttpContext http, RegistryDb db, CancellationToken ct)
    {
        var listed = db.Applications.IgnoreQueryFilters([ModuleDatabase.TenantFilter]).AsNoTracking().Where(app => app.Visibility == Visibility.Public);
        if (Cursor.Decode(page.Cursor, parts: 2) is [var publisher, var name])
            listed = listed.Where(app => string.Compare(app.Publisher, publisher) > 0 || (app.Publisher == publisher && string.Compare(app.App, name) > 0));
        var rows = await listed.OrderBy(app => app.Publisher).ThenBy(app => app.App).Take(page.Take).ToListAsync(ct);
        return page.Answer(http, rows, ApplicationResource.Of, app => [app.Publisher, app.App]);
    }
}

/// <summary>GET /v1/apps/{publisher}/{app}: an application as its reader may see it.</summary>
public static class GetCatalogueApplication
{
    [EndpointSummary("Get an application of the catalogue")]
    internal static async Task<Results<Ok<ApplicationResource>, ProblemHttpResult>> Handle(string publisher, string app, RegistryDb db, CancellationToken ct) =>
        await db.CatalogueOf(publisher, app).SingleOrDefaultAsync(ct) is { } found ? TypedResults.Ok(ApplicationResource.Of(found)) : Problems.NotFound();
}

/// <summary>GET /v1/apps/{publisher}/{app}/versions: its versions, the newest first.</summary>
public static class ListCatalogueVersions
{
    [EndpointSummary("List the versions of an application of the catalogue")]
    internal static async Task<Results<Ok<Page<VersionResource>>, ProblemHttpResult>> Handle(
        string publisher, string app, [AsParameters] PageRequest page, HttpContext http, RegistryDb db, CancellationToken ct) =>
        await db.CatalogueOf(publisher, app).SingleOrDefaultAsync(ct) is { } found ? await ListVersions.AnswerAsync(found, page, http, db, ct) : Problems.NotFound();
}
