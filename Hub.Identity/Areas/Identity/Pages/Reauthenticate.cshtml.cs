using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /reauthenticate: who is signed in proves it once more, and goes back to where they were going.</summary>
internal sealed class ReauthenticateModel(Accounts accounts, SecondFactors factors, Reauthentication reauthentication) : AccountPage
{
    [FromQuery(Name = "returnUrl")]
    public string? ReturnUrl { get; set; }

    [FromQuery(Name = "by")]
    public string? By { get; set; }

    public string Email => User.FindFirstValue("email") ?? "";

    public bool HasAuthenticator { get; private set; }

    public bool ByCode => By == "code" && HasAuthenticator;

    public bool Failed { get; private set; }

    public string OtherWay => $"/reauthenticate?by={(ByCode ? "password" : "code")}&returnUrl={Uri.EscapeDataString(Onward)}";

    private string Onward => ReturnAddress.IsLocal(ReturnUrl) ? ReturnUrl! : "/account";

    public async Task<IActionResult> OnGetAsync()
    {
        HasAuthenticator = (await factors.ReadAsync(Me.UserId, Aborted)).HasAuthenticator;
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? password, [FromForm] string? code)
    {
        HasAuthenticator = (await factors.ReadAsync(Me.UserId, Aborted)).HasAuthenticator;
        var person = ByCode ? await factors.CheckAsync(Me.UserId, code ?? "", isRecoveryCode: false, Aborted) : await accounts.CheckPasswordAsync(Email, password ?? "", Aborted);
        if (person?.Id == Me.UserId)
        {
            await reauthentication.RecordAsync(Me, Aborted);
            return SeeOther(Onward);
        }
        Failed = true;
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }
}
