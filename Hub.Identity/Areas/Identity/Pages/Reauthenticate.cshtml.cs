using System.Security.Claims;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /reauthenticate: who is signed in proves it once more, by password, code or passkey, and goes back to where they were going.</summary>
internal sealed class ReauthenticateModel(Accounts accounts, SecondFactors factors, Passkeys passkeys, IdentityDb db, Reauthentication reauthentication) : AccountPage
{
    [FromQuery(Name = "returnUrl")]
    public string? ReturnUrl { get; set; }

    [FromQuery(Name = "by")]
    public string? By { get; set; }

    [BindProperty]
    public PasskeyAnswer Passkey { get; set; } = new();

    /// <summary>Null when the person has no passkey.</summary>
    public PasskeyPrompt? Prompt { get; private set; }

    public bool HasPassword { get; private set; }

    public bool HasAuthenticator { get; private set; }

    public bool ByCode => By == "code" && HasAuthenticator;

    public string Email => User.FindFirstValue("email") ?? "";

    /// <summary>Why the proof was none; null before there was one.</summary>
    public string? Fault { get; private set; }

    public string OtherWay => $"/reauthenticate?by={(ByCode ? "password" : "code")}&returnUrl={Uri.EscapeDataString(Onward)}";

    private string Onward => ReturnAddress.IsLocal(ReturnUrl) ? ReturnUrl! : "/account";

    public Task<PageResult> OnGetAsync() => AskAsync();

    public async Task<IActionResult> OnPostAsync([FromForm] string? password, [FromForm] string? code)
    {
        HasAuthenticator = (await factors.ReadAsync(Me.UserId, Aborted)).HasAuthenticator;
        var person = Passkey.IsGiven ? (await passkeys.VerifyAsync(HttpContext, Passkey, Me.UserId, Aborted))?.Person
            : ByCode ? await factors.CheckAsync(Me.UserId, code ?? "", isRecoveryCode: false, Aborted)
            : await accounts.CheckPasswordAsync(Email, password ?? "", Aborted);
        if (person?.Id == Me.UserId)
        {
            await reauthentication.RecordAsync(Me, Aborted);
            return SeeOther(Onward);
        }
        Fault = Passkey.IsGiven
            ? "This passkey is not yours, or its answer came too late. Try again."
            : "That is not right, or there were too many tries. Check it; after too many tries, wait a few minutes.";
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return await AskAsync();
    }

    private async Task<PageResult> AskAsync()
    {
        HasAuthenticator = (await factors.ReadAsync(Me.UserId, Aborted)).HasAuthenticator;
        HasPassword = await db.Users.AnyAsync(person => person.Id == Me.UserId && person.PasswordHash != null, Aborted);
        if (await db.UserPasskeys.AnyAsync(passkey => passkey.UserId == Me.UserId, Aborted))
        {
            Prompt = await passkeys.PromptAsync(HttpContext, Me.UserId, Aborted);
            AllowScript();
        }
        return Page();
    }
}
