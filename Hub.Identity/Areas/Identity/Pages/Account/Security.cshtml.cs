using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET /account/security: how the person signs in.</summary>
internal sealed class SecurityModel : AccountPage
{
    public IActionResult OnGet() => Page();
}
