using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /connect/authorize: the authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2).</summary>
[IgnoreAntiforgeryToken] // other sites send people here; what they may cause is decided by the request's own rules
[RawBody]
internal sealed class AuthorizeModel(
    Authorizations authorizations, ClientRegistry clients, IdTokenHints hints, IOptions<HubIdentityOptions> options, TimeProvider clock) : AuthorizationPage(authorizations, clients, options, clock)
{
    public Task<IActionResult> OnGetAsync() => DecideAsync(OAuthParameters.Parse(Request.QueryString.Value));

    public async Task<IActionResult> OnPostAsync()
    {
        var (form, fault) = await FormBody.ReadAnyAsync(Request, Aborted);
        return form is null ? RefusedView.Create(fault!) : await DecideAsync(form);
    }

    private async Task<IActionResult> DecideAsync(OAuthParameters parameters)
    {
        var client = parameters["client_id"] is { } clientId ? await Clients.FindAsync(clientId, Aborted) : null;
        switch (AuthorizationRequests.Decide(parameters, client, Issuer))
        {
            case AuthorizationDecision.SendBack back:
                return SendError(back.RedirectUri, back.State, back.Error);
            case AuthorizationDecision.Accept { IdTokenHint: { } hint } accepted:
                return await hints.FindSubjectAsync(hint, accepted.Client.Id, Aborted) is { } subject
                    ? await GoOnAsync(accepted.Request with { SubjectHint = subject }, null, null, justConsented: false)
                    : SendError(accepted.Request.RedirectUri, accepted.Request.State, OAuthError.InvalidRequest("id_token_hint is not an ID token that this issuer made for this client."));
            case AuthorizationDecision.Accept accepted:
                return await GoOnAsync(accepted.Request, null, null, justConsented: false);
            case AuthorizationDecision.ShowError error:
                return RefusedView.Create(error.Reason);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }
}
