using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>A page on the way of an authorization request.</summary>
internal abstract class AuthorizationPage(
    Authorizations authorizations, ClientRegistry clients, OrganizationLimits limits, IOptions<HubIdentityOptions> options, TimeProvider clock) : IdentityPage
{
    protected const string Gone = "This sign-in was completed, or waited too long. Go back to the application and start again.";

    protected Authorizations Authorizations => authorizations;
    protected ClientRegistry Clients => clients;
    protected OrganizationLimits Limits => limits;
    protected string Issuer => options.Value.Issuer;

    /// <summary>The next step of a request: sign-in, consent, or the answer.</summary>
    /// <param name="pending">Null on its first visit.</param>
    /// <param name="handle">The handle of <paramref name="pending"/>.</param>
    /// <param name="justConsented">The person has just allowed it, on the consent page.</param>
    protected async Task<IActionResult> GoOnAsync(AuthorizationRequest request, Authorizations.Pending? pending, string? handle, bool justConsented)
    {
        if (await clients.FindAsync(request.ClientId, Aborted) is not { IsEnabled: true } client || !RedirectUris.Matches(client.RedirectUris, request.RedirectUri))
            return RefusedView.Create(Gone); // registered otherwise since
        var consented = justConsented || (Session is { } person && !request.Prompt.HasFlag(Prompt.Consent)
            && await authorizations.IsConsentedAsync(person.UserId, request.ClientId, request.Scopes, Aborted));
        var (limit, limitedTo) = await limits.DecideAsync(request, client, Session, Aborted);
        switch (Interaction.Decide(request, pending?.BegunAt, Session, limit, consented, clock.GetUtcNow()))
        {
            case Interaction.SignIn:
                return SeeOther($"/signin?request={handle ?? await authorizations.KeepAsync(request, Aborted)}");
            case Interaction.AskConsent:
                return SeeOther($"/consent?request={handle ?? await authorizations.KeepAsync(request, Aborted)}");
            case Interaction.Refuse refused:
                return await SendErrorAsync(request, pending, refused.Error);
            default:
                return await authorizations.IssueCodeAsync(request, client, pending, Session!, limitedTo, Aborted) is { } code
                    ? SeeOther(Answer(request.RedirectUri, request.State, ("code", code)))
                    : RefusedView.Create(Gone);
        }
    }

    protected async Task<IActionResult> SendErrorAsync(AuthorizationRequest request, Authorizations.Pending? pending, OAuthError error)
    {
        if (pending is not null && !await authorizations.CompleteAsync(pending, Aborted))
            return RefusedView.Create(Gone);
        return SendError(request.RedirectUri, request.State, error);
    }

    protected IActionResult SendError(string redirectUri, string? state, OAuthError error) =>
        SeeOther(Answer(redirectUri, state, ("error", error.Code), ("error_description", error.Description)));

    /// <summary>RFC 6749 §4.1.2, with the issuer in every answer (RFC 9207).</summary>
    private string Answer(string redirectUri, string? state, params (string Name, string Value)[] parameters)
    {
        var query = parameters.ToDictionary(parameter => parameter.Name, parameter => (string?)parameter.Value);
        if (state is not null)
            query["state"] = state;
        query["iss"] = Issuer;
        return QueryHelpers.AddQueryString(redirectUri, query);
    }
}
