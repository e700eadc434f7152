using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /forgot: sends a link to choose a new password by. Every address is answered alike.</summary>
internal sealed class ForgotModel(Passwords passwords) : IdentityPage
{
    public string? Email { get; private set; }

    /// <summary>What is wrong with the address; null when nothing.</summary>
    public string? Fault { get; private set; }

    public IActionResult OnGet() => Page();

    public async Task<IActionResult> OnPostAsync([FromForm] string? email)
    {
        Email = email?.Trim() ?? "";
        Fault = EmailAddress.FindFault(Email);
        if (Fault is not null)
        {
            Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            return Page();
        }
        await passwords.RequestResetAsync(Email, Aborted);
        return SentModel.Show(this, Email);
    }
}
