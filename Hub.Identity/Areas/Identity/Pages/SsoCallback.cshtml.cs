using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Identity.Sso;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET /account/sso/callback: where an organization's provider sends a person back to. Who began the sign-in in this browser is signed in for the organization, and goes on.</summary>
internal sealed class SsoCallbackModel(SsoSignIns sso) : IdentityPage
{
    public async Task<IActionResult> OnGetAsync()
    {
        var arrival = await sso.CompleteAsync(HttpContext, OAuthParameters.Parse(Request.QueryString.Value), Aborted);
        return arrival.ReturnTo is { } onward ? SeeOther(onward) : RefusedView.Create(arrival.Fault!);
    }
}
