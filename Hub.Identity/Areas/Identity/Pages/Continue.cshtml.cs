using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET /connect/continue: takes an authorization request up again after the person signed in.</summary>
internal sealed class ContinueModel(Authorizations authorizations, ClientRegistry clients, OrganizationLimits limits, IOptions<HubIdentityOptions> options, TimeProvider clock)
    : AuthorizationPage(authorizations, clients, limits, options, clock)
{
    public async Task<IActionResult> OnGetAsync([FromQuery(Name = "request")] string? handle) =>
        await Authorizations.FindAsync(handle, Aborted) is { } pending ? await GoOnAsync(pending.Request, pending, handle, justConsented: false) : RefusedView.Create(Gone);
}
