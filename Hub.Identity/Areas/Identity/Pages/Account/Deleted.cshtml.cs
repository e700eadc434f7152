using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET /account/data/deleted: what was asked for, said to somebody who is signed out.</summary>
internal sealed class DeletedModel : IdentityPage
{
    public IActionResult OnGet() => Page();
}
