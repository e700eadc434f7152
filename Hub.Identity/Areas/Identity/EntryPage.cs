using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>A page that a person comes in by, and that leads on to what they came for: an application's request, a page of ours, or the start.</summary>
internal abstract class EntryPage(Authorizations authorizations, ClientRegistry clients) : IdentityPage
{
    [FromQuery(Name = "request")]
    public string? Handle { get; set; }

    [FromQuery(Name = "returnUrl")]
    public string? ReturnUrl { get; set; }

    /// <summary>What the person reads of the application they came from; null without one.</summary>
    public string? ClientName { get; private set; }

    protected Authorizations.Pending? Pending { get; private set; }

    /// <summary>Reads what the page leads on to; an answer when that is gone.</summary>
    protected async Task<IActionResult?> LoadAsync()
    {
        if (Handle is null)
            return null;
        Pending = await authorizations.FindAsync(Handle, Aborted);
        if (Pending is null)
            return RefusedView.Create("This sign-in was completed, or waited too long. Go back to the application and start again.");
        ClientName = (await clients.FindAsync(Pending.Request.ClientId, Aborted))?.Name;
        AllowFormsTo(Pending.Request.RedirectUri);
        return null;
    }

    /// <summary>What the next page needs to lead on to the same: nothing, or one parameter.</summary>
    /// <param name="before">A question mark or an ampersand.</param>
    protected string Onward(string before) =>
        Pending is not null ? $"{before}request={Handle}" : ReturnAddress.IsLocal(ReturnUrl) ? $"{before}returnUrl={Uri.EscapeDataString(ReturnUrl!)}" : "";

    protected IActionResult GoOn() => SeeOther(GoOnAddress);

    /// <summary>The path of what the page leads on to.</summary>
    protected string GoOnAddress => Pending is not null ? $"/connect/continue?request={Handle}" : ReturnAddress.IsLocal(ReturnUrl) ? ReturnUrl! : "/";
}
