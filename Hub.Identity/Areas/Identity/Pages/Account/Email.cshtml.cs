using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/email: sends a link to another address, or once more to the present one while it is not confirmed.</summary>
internal sealed class EmailModel(EmailChanges changes) : AccountPage
{
    protected override bool IsSensitive => true;

    public string? Email { get; private set; }

    /// <summary>What is wrong with the address; null when nothing.</summary>
    public string? Fault { get; private set; }

    public IActionResult OnGet()
    {
        Email = User.FindFirstValue("email");
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? email)
    {
        Email = email?.Trim() ?? "";
        Fault = EmailAddress.FindFault(Email);
        if (Fault is not null)
        {
            Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            return Page();
        }
        await changes.RequestAsync(Me, Email, Aborted);
        return Done("/account", $"A message is on its way to {Email}. Open its link, in this browser, to use the address.");
    }
}
