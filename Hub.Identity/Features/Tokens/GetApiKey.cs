using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>GET /v1/orgs/{org}/keys/{key}.</summary>
public static class GetApiKey
{
    [EndpointSummary("Read an API key")]
    internal static async Task<Results<Ok<ApiKeyResource>, ProblemHttpResult>> Handle(Guid key, IdentityDb db, TimeProvider clock, CancellationToken ct) =>
        await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(row => row.Id == key, ct) is { } found ? TypedResults.Ok(ApiKeyResource.Of(found, clock.GetUtcNow())) : Problems.NotFound();
}
