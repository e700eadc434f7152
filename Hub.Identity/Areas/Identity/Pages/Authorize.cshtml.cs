using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /connect/authorize: the authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2), also for requests that were pushed (RFC 9126 §4).</summary>
[IgnoreAntiforgeryToken] // other sites send people here; what they may cause is decided by the request's own rules
[RawBody]
internal sealed class AuthorizeModel(
    Authorizations authorizations, ClientRegistry clients, PushedRequests pushed, IdTokenHints hints, OrganizationLimits limits, IOptions<HubIdentityOptions> options, TimeProvider clock)
    : AuthorizationPage(authorizations, clients, limits, options, clock)
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
        if (client is not null && parameters["request_uri"] is { } reference && PushedRequests.IsReference(reference))
            return await TakeUpAsync(client, reference);
        switch (AuthorizationRequests.Decide(parameters, client, Issuer))
        {
            case AuthorizationDecision.SendBack back:
                return SendError(back.RedirectUri, back.State, back.Error);
            case AuthorizationDecision.Accept accepted:
                var (request, error) = await hints.ApplyAsync(accepted, Aborted);
                return request is not null
                    ? await GoOnAsync(request, null, null, justConsented: false)
                    : SendError(accepted.Request.RedirectUri, accepted.Request.State, error!);
            case AuthorizationDecision.ShowError refused:
                return RefusedView.Create(refused.Reason);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>What was pushed is the request, whatever else stands in the address (RFC 9101 §5).</summary>
    private async Task<IActionResult> TakeUpAsync(Client client, string reference) => await pushed.TakeAsync(reference, client.Id, Aborted) is { } request
        ? await GoOnAsync(request, null, null, justConsented: false)
        : RefusedView.Create("This sign-in was opened before, or waited too long, or is another application's (request_uri). Go back to the application and start again.");
}
