using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET /reset/done.</summary>
internal sealed class ResetDoneModel : IdentityPage
{
    public IActionResult OnGet() => Page();
}
