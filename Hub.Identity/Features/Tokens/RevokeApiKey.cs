using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/orgs/{org}/keys/{key}: void from the next request on.</summary>
public static class RevokeApiKey
{
    [EndpointSummary("Revoke an API key")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(Guid key, ApiKeys keys, CancellationToken ct) =>
        await keys.RevokeAsync(key, ct) ? TypedResults.NoContent() : Problems.NotFound();
}
