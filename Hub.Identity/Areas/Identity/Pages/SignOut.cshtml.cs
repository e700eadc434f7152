using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET asks, POST signs out: a link or an image elsewhere cannot.</summary>
internal sealed class SignOutModel(Sessions sessions) : IdentityPage
{
    public IActionResult OnGet() => Session is null ? SeeOther("/signin") : Page();

    public async Task<IActionResult> OnPostAsync()
    {
        await sessions.EndAsync(HttpContext, Aborted);
        return SeeOther("/signin");
    }
}
