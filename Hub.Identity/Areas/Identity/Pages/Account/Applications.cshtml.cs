using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/applications: what the person allowed which application, and taking it back.</summary>
internal sealed class ApplicationsModel(Consents consents) : AccountPage
{
    public IReadOnlyList<AllowedApplication> Shown { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync()
    {
        Shown = await consents.ListAsync(Me.UserId, Aborted);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? revoke) =>
        Done("/account/applications", await consents.RevokeAsync(Me.UserId, revoke ?? "", Aborted)
            ? "The application is disconnected. An access token that it has may go on for some minutes; a new one it does not get."
            : "The application is disconnected already.");
}
