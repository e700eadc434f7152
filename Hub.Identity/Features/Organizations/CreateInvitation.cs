using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Identity.Features;

/// <summary>POST /v1/orgs/{org}/invitations: invites whoever has an e-mail address, with a message to it. The answer does not say whether the address has an account.</summary>
public static class CreateInvitation
{
    /// <param name="Role">At most the caller's own; owner only by a recent sign-in.</param>
    public sealed record Request([Required, StringLength(Person.MaxEmailLength)] string Email, [Required] OrganizationRole? Role);

    [EndpointSummary("Invite somebody")]
    internal static async Task<Results<Created<InvitationResource>, ProblemHttpResult>> Handle(
        Request request, HttpContext http, Caller caller, Invitations invitations, TimeProvider clock, CancellationToken ct)
    {
        if (EmailAddress.FindFault(request.Email) is { } fault)
            return Problems.Invalid("email", fault);
        var (outcome, invitation) = await invitations.SendAsync(caller.Id, request.Email, request.Role!.Value, RecentSignIn.ProofOf(http), ct);
        return InvitationProblems.Of(outcome) is { } problem
            ? problem
            : TypedResults.Created($"/v1/orgs/{caller.OrganizationSlug}/invitations/{invitation!.Id}", InvitationResource.Of(invitation, clock.GetUtcNow()));
    }
}
