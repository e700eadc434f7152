using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>
/// POST /v1/signup: creates a person and their first organization. An address that has an account is refused, which tells that it has one; without e-mail
/// confirmation there is no answer that would be both true and the same (docs/adr/0003). Signing in never tells.
/// </summary>
public static class SignUp
{
    /// <param name="Organization">Name of the first organization; default: after the e-mail address.</param>
    public sealed record Request(
        [Required, StringLength(Person.MaxEmailLength)] string Email,
        [Required, StringLength(HubIdentityOptions.PasswordPolicy.MaximumLength)] string Password,
        [StringLength(Domain.Organization.MaxNameLength)] string? Organization);

    public sealed record Response(Guid UserId, FirstOrganization Organization);

    public sealed record FirstOrganization(Guid Id, string Slug, string Name);

    [EndpointSummary("Create an account with its first organization")]
    internal static async Task<Results<Created<Response>, ValidationProblem, ProblemHttpResult>> Handle(Request request, Accounts accounts, CancellationToken ct) =>
        await accounts.SignUpAsync(request.Email, request.Password, request.Organization, ct) switch
        {
            SignUpResult.Created created => TypedResults.Created("/v1/me",
                new Response(created.UserId, new(created.Organization.OrganizationId, created.Organization.Slug, created.Organization.Name))),
            SignUpResult.Refused refused => TypedResults.ValidationProblem(new Dictionary<string, string[]> { [refused.Field] = [refused.Reason] }),
            _ => Problems.Conflict("signup.unavailable", "No account can be made with this e-mail address. If it is yours, sign in instead."),
        };
}
