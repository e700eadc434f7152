using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET /sent: what everybody reads who named an address, whether it has an account or not.</summary>
internal sealed class SentModel : IdentityPage
{
    private const string EmailKey = "sent-to", AgainKey = "sent-from";

    /// <summary>The address as it was typed; null when the page was opened by itself.</summary>
    public string? Email { get; private set; }

    /// <summary>Where another message can be asked for.</summary>
    public string Again { get; private set; } = "/signin";

    public IActionResult OnGet()
    {
        Email = TempData.Peek(EmailKey) as string;
        Again = TempData.Peek(AgainKey) as string ?? Again;
        return Page();
    }

    /// <summary>Leads from the page that asked for the address to this one.</summary>
    public static IActionResult Show(IdentityPage from, string email)
    {
        from.TempData[EmailKey] = email;
        from.TempData[AgainKey] = from.Request.Path + from.Request.QueryString;
        return from.SeeOther("/sent");
    }
}
