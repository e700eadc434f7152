using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>
/// GET and POST /reset: sets the password of a link from /forgot. It does not sign in: who has a second factor needs that too, and who has none signs in with the new
/// password, which a password manager then sees.
/// </summary>
internal sealed class ResetModel(Passwords passwords, EmailProofs proofs, IOptions<HubIdentityOptions> options) : IdentityPage
{
    [FromQuery(Name = "token")]
    public string? Token { get; set; }

    /// <summary>What is wrong with the password; null when nothing.</summary>
    public string? Fault { get; private set; }

    public NewPassword Entry => new(null, options.Value.Password.MinimumLength, Fault is not null);

    public async Task<IActionResult> OnGetAsync() => await proofs.FindAsync(EmailPurpose.PasswordReset, Token, Aborted) is { UserId: not null } ? Page() : Gone();

    public async Task<IActionResult> OnPostAsync([FromForm] string? password)
    {
        switch (await passwords.ResetAsync(Token, password ?? "", Aborted))
        {
            case PasswordChange.Changed:
                return SeeOther("/reset/done");
            case PasswordChange.Refused refused:
                Fault = refused.Reason;
                Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                return Page();
            default:
                return Gone();
        }
    }

    private static ViewResult Gone() => RefusedView.Create("This link was used or is too old, or the account has changed since it was sent. Ask for a new one on the sign-in page.");
}

/// <summary>The field for a new password.</summary>
/// <param name="Email">The account's, for password managers; null where the page must not say.</param>
internal sealed record NewPassword(string? Email, int MinimumLength, bool IsWrong);
