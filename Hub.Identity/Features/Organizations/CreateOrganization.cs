using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /v1/orgs: creates an organization, which the caller owns.</summary>
public static class CreateOrganization
{
    /// <param name="Slug">Its name in addresses, see the 400 answer for the rule; default: made from the name, with a number behind it when taken.</param>
    public sealed record Request([Required, StringLength(Organization.MaxNameLength)] string Name, [StringLength(Domain.Slug.MaxLength)] string? Slug);

    [EndpointSummary("Create an organization")]
    internal static async Task<Results<Created<GetOrganization.Response>, ValidationProblem, ProblemHttpResult>> Handle(
        Request request, ClaimsPrincipal user, Tenant tenant, Accounts accounts, HttpContext http, CancellationToken ct)
    {
        if (Signed.In(user, tenant) is not { } userId)
            return Signed.Out();
        if (OrganizationName.FindFault(request.Name) is { } fault)
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["name"] = [fault] });
        if (request.Slug is not null && !Slug.IsValid(request.Slug))
            return TypedResults.ValidationProblem(new Dictionary<string, string[]>
            {
                ["slug"] = ["A slug has 2 to 40 lower-case letters, digits and single hyphens, a letter first, and is none of the Hub's own words."],
            });
        if (await accounts.CreateOrganizationAsync(http.RequestServices, userId, request.Name.Trim(), request.Slug, ct) is not var (membership, createdAt))
            return Problems.Conflict("organization.slug_taken", "Another organization has this slug. Choose another, or leave it out to get one made from the name.");
        return TypedResults.Created($"/v1/orgs/{membership.Slug}", new GetOrganization.Response(membership.OrganizationId, membership.Slug, membership.Name, OrganizationRole.Owner, createdAt));
    }
}
