using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/security/passkeys/new: a further passkey.</summary>
internal sealed class AddPasskeyModel(Passkeys passkeys) : AccountPage
{
    [BindProperty]
    public PasskeyAnswer Passkey { get; set; } = new();

    [BindProperty]
    public string? Name { get; set; }

    public PasskeyPrompt Prompt { get; private set; } = null!;

    public string? Fault { get; private set; }

    protected override bool IsSensitive => true;

    public Task<PageResult> OnGetAsync() => AskAsync();

    public async Task<IActionResult> OnPostAsync()
    {
        Fault = await passkeys.AddAsync(HttpContext, Passkey, Me, Passkeys.TidyName(Name) ?? UserAgent.Describe(Request.Headers.UserAgent), Aborted);
        if (Fault is null)
            return Done("/account/security", "The passkey was added. You can sign in with it from now on.");
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return await AskAsync();
    }

    private async Task<PageResult> AskAsync()
    {
        Prompt = await passkeys.PromptForNewAsync(HttpContext, Me.UserId, Aborted);
        AllowScript();
        return Page();
    }
}
