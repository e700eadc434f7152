using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>DELETE /v1/orgs/{org}/domains/{domain}: gives the domain up. Whoever joined by it stays a member.</summary>
public static class RemoveDomain
{
    [EndpointSummary("Give a domain up")]
    internal static async Task<Results<NoContent, ProblemHttpResult>> Handle(string domain, Domains domains, CancellationToken ct) =>
        await domains.RemoveAsync(domain, ct) ? TypedResults.NoContent() : Problems.NotFound();
}
