using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using CodeZero.Hub.Registry.Data;
using CodeZero.Hub.Registry.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace CodeZero.Hub.Registry.Features;

/// <summary>
/// PUT /v1/orgs/{org}/apps/{app}/visibility: lists an application for everybody, with all its versions, or withdraws it. Who has installed it keeps it.
/// </summary>
public static partial class SetVisibility
{
    public sealed record Request([Required] Visibility? Visibility);

    [EndpointSummary("Make an application public or private")]
    internal static async Task<Results<Ok<ApplicationResource>, ProblemHttpResult>> Handle(
        string app, Request request, HttpRequest http, RegistryDb db, Caller caller, IAuditLog audit, ILogger<RegisteredApp> log, CancellationToken ct)
    {
        if (await db.Applications.SingleOrDefaultAsync(found => found.App == app, ct) is not { } application)
            return Problems.NotFound();
        if (ETags.RequireMatch(http, ETags.OfVersion(application.RowVersion)) is { } refused)
            return refused;
        var (before, after) = (application.Visibility, request.Visibility!.Value);
        application.Show(after);
        await db.SaveChangesAsync(ct);
        if (before != after)
        {
            await audit.RecordAsync(new("app.visibility_changed", "app", application.Id)
            {
                TargetName = $"{application.Publisher}/{application.App}",
                Before = new { visibility = before },
                After = new { visibility = after },
            }, ct);
            Changed(log, caller.Organization, app, after);
        }
        http.HttpContext.Response.Headers.ETag = ETags.OfVersion(application.RowVersion);
        return TypedResults.Ok(ApplicationResource.Of(application));
    }

    [LoggerMessage(2002, LogLevel.Information, "Organization {Organization} made {App} {Visibility}")]
    private static partial void Changed(ILogger log, Guid organization, string app, Visibility visibility);
}
