using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>
/// GET and POST /connect/endsession: an application wants its person signed out (OpenID Connect RP-Initiated Logout). Done at once only when it shows an ID token of
/// this very session; otherwise the person is asked, because any page could have sent them here.
/// </summary>
[IgnoreAntiforgeryToken] // other sites send people here; without a fitting hint, /signout asks, which has its token
[RawBody]
internal sealed class EndSessionModel(Sessions sessions, ClientRegistry clients, IdTokenHints hints, SignedOutReturns returns) : IdentityPage
{
    private static readonly string[] Parameters = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

    /// <summary>Browsers leave the session's cookie out of what another site posts, and bring it when they are sent on to the same request as GET.</summary>
    public async Task<IActionResult> OnPostAsync()
    {
        var (form, fault) = await FormBody.ReadAnyAsync(Request, Aborted);
        if (form is null or { IsOverlong: true } or { FirstRepeated: not null })
            return RefusedView.Create(fault ?? "The request has too many parameters, or one comes more than once.");
        return SeeOther(QueryHelpers.AddQueryString(Request.Path, Parameters.Where(name => form[name] is not null).ToDictionary(name => name, name => form[name])));
    }

    public async Task<IActionResult> OnGetAsync()
    {
        var parameters = OAuthParameters.Parse(Request.QueryString.Value);
        var hint = parameters["id_token_hint"] is { } text ? await hints.ReadAsync(text, Aborted) : null;
        var client = (parameters["client_id"] ?? hint?.ClientId) is { } clientId ? await clients.FindAsync(clientId, Aborted) : null;
        var (request, fault) = EndSessionRequests.Decide(parameters, hint, client);
        if (request is null)
            return RefusedView.Create(fault!);
        if (Session is { } session && !(request.Hint?.Subject == session.UserId && request.Hint.SessionId == session.SessionId))
            return SeeOther("/signout" + returns.ToQuery(request.Return));
        await sessions.EndAsync(HttpContext, Aborted);
        return SeeOther(SignedOutReturns.AddressOf(request.Return));
    }
}
