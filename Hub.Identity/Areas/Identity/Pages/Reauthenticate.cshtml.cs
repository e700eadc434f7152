using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /reauthenticate: who is signed in proves it once more, and goes back to where they were going.</summary>
internal sealed class ReauthenticateModel(Accounts accounts, Reauthentication reauthentication) : AccountPage
{
    [FromQuery(Name = "returnUrl")]
    public string? ReturnUrl { get; set; }

    public string Email => User.FindFirstValue("email") ?? "";

    public bool Failed { get; private set; }

    public IActionResult OnGet() => Page();

    public async Task<IActionResult> OnPostAsync([FromForm] string? password)
    {
        if (await accounts.CheckPasswordAsync(Email, password ?? "", Aborted) is { } person && person.Id == Me.UserId)
        {
            await reauthentication.RecordAsync(Me, Aborted);
            return SeeOther(ReturnAddress.IsLocal(ReturnUrl) ? ReturnUrl! : "/account");
        }
        Failed = true;
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }
}
