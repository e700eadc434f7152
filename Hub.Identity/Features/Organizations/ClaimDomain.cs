using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /v1/orgs/{org}/domains: says that a domain is the organization's, and gets the record that shows it. Again: the same.</summary>
public static class ClaimDomain
{
    /// <param name="Name">Such as <c>example.com</c>.</param>
    public sealed record Request([Required, StringLength(DomainName.MaxLength)] string Name);

    [EndpointSummary("Claim a domain")]
    internal static async Task<Results<Created<DomainResource>, Ok<DomainResource>, ProblemHttpResult>> Handle(Request request, Caller caller, Domains domains, CancellationToken ct)
    {
        if (DomainName.Normalize(request.Name) is not { } name)
            return Problems.Invalid("name", DomainProblems.Malformed);
        if (await domains.ClaimAsync(name, ct) is not var (domain, isNew))
            return DomainProblems.TooMany;
        var resource = DomainResource.Of(domain);
        return isNew ? TypedResults.Created($"/v1/orgs/{caller.OrganizationSlug}/domains/{name}", resource) : TypedResults.Ok(resource);
    }
}
