using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/password: sets the password. The old one is not asked for here: a proof of the last minutes was.</summary>
internal sealed class PasswordModel(Passwords passwords, Sessions sessions, IOptions<HubIdentityOptions> options) : AccountPage
{
    protected override bool IsSensitive => true;

    /// <summary>What is wrong with the password; null when nothing.</summary>
    public string? Fault { get; private set; }

    public NewPassword Entry => new(User.FindFirstValue("email"), options.Value.Password.MinimumLength, Fault is not null);

    public IActionResult OnGet() => Page();

    public async Task<IActionResult> OnPostAsync([FromForm] string? password)
    {
        switch (await passwords.SetAsync(Me, password ?? "", Aborted))
        {
            case PasswordChange.Changed changed:
                await sessions.RenewAsync(HttpContext, Me, changed.Stamp, Aborted);
                return Done("/account/security", "The password is changed. Other browsers and applications were signed out, and access tokens are void.");
            case PasswordChange.Refused refused:
                Fault = refused.Reason;
                Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                return Page();
            default:
                return SeeOther("/signin");
        }
    }
}
