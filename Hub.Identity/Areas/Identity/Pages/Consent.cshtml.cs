using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /consent: what an application wants, and the person's answer. What is allowed is the request kept here, whatever the form says.</summary>
internal sealed class ConsentModel(
    Authorizations authorizations, ClientRegistry clients, OrganizationLimits limits, Organizations organizations, IOptions<HubIdentityOptions> options, TimeProvider clock)
    : AuthorizationPage(authorizations, clients, limits, options, clock)
{
    [FromQuery(Name = "request")]
    public string? Handle { get; set; }

    public string ClientName { get; private set; } = "";
    public IReadOnlyList<string> Permissions { get; private set; } = [];
    public string Destination { get; private set; } = "";
    public string Email => User.FindFirstValue("email") ?? "";
    public string OtherAccountAddress => $"/signin?request={Handle}";

    public async Task<IActionResult> OnGetAsync()
    {
        if (await Authorizations.FindAsync(Handle, Aborted) is not { } pending || await Clients.FindAsync(pending.Request.ClientId, Aborted) is not { } client)
            return RefusedView.Create(Gone);
        if (Session is null)
            return SeeOther(OtherAccountAddress);
        ClientName = client.Name;
        var (_, limitedTo) = await Limits.DecideAsync(pending.Request, client, Session, Aborted);
        Permissions = ScopeWords.Of(pending.Request.Scopes, limitedTo is { } only ? await organizations.FindSlugAsync(only, Aborted) : null);
        Destination = new Uri(pending.Request.RedirectUri).IsLoopback ? "this computer" : new Uri(pending.Request.RedirectUri).Host;
        AllowFormsTo(pending.Request.RedirectUri);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? decision)
    {
        if (await Authorizations.FindAsync(Handle, Aborted) is not { } pending)
            return RefusedView.Create(Gone);
        return decision switch
        {
            "allow" => await GoOnAsync(pending.Request, pending, Handle, justConsented: true),
            "deny" => await SendErrorAsync(pending.Request, pending, new OAuthError("access_denied", "The person did not allow it.")),
            _ => SeeOther($"/consent?request={Handle}"),
        };
    }
}
