using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /v1/signup/complete: makes the account of a link that <c>POST /v1/signup</c> sent, with its first organization. The link is then used up.</summary>
public static class CompleteSignUp
{
    /// <param name="Token">The <c>token</c> of the link.</param>
    /// <param name="Organization">Name of the first organization; default: after the e-mail address.</param>
    public sealed record Request(
        [Required, StringLength(Secrets.Length)] string Token,
        [Required, StringLength(HubIdentityOptions.PasswordPolicy.MaximumLength)] string Password,
        [StringLength(Domain.Organization.MaxNameLength)] string? Organization);

    public sealed record Response(Guid UserId, FirstOrganization Organization);

    public sealed record FirstOrganization(Guid Id, string Slug, string Name);

    [EndpointSummary("Make the account of a link")]
    internal static async Task<Results<Created<Response>, ValidationProblem, ProblemHttpResult>> Handle(Request request, SignUps signUps, CancellationToken ct) =>
        await signUps.CompleteAsync(request.Token, request.Password, request.Organization, ct) switch
        {
            SignUpResult.Created created => TypedResults.Created("/v1/me",
                new Response(created.Person.Id, new(created.Organization.OrganizationId, created.Organization.Slug, created.Organization.Name))),
            SignUpResult.Refused refused => TypedResults.ValidationProblem(new Dictionary<string, string[]> { [refused.Field] = [refused.Reason] }),
            _ => Problems.Create(StatusCodes.Status410Gone, "signup.link_gone", "This link was used or is too old, or its address has an account by now. Sign in, or sign up again for a new link."),
        };
}
