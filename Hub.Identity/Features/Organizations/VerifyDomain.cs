using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /v1/orgs/{org}/domains/{domain}/verification: looks the record up now. Of several organizations that show it, the first has the domain.</summary>
public static class VerifyDomain
{
    [EndpointSummary("Look a domain's record up")]
    internal static async Task<Results<Ok<DomainResource>, ProblemHttpResult>> Handle(string domain, IdentityDb db, Domains domains, CancellationToken ct)
    {
        if (DomainProblems.Of(await domains.CheckAsync(domain, ct), domain) is { } problem)
            return problem;
        var verified = await db.InTransactionAsync(() => db.Domains.AsNoTracking().SingleOrDefaultAsync(row => row.Name == domain, ct), ct);
        return verified is null ? Problems.NotFound() : TypedResults.Ok(DomainResource.Of(verified));
    }
}
