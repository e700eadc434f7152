using System.Security.Claims;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET /account: who the person is here.</summary>
internal sealed class ProfileModel : AccountPage
{
    public string Email => User.FindFirstValue("email") ?? "";

    public IActionResult OnGet() => Page();
}
