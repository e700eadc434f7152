using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/data/delete: asks for the end of the account.</summary>
internal sealed class DeleteModel(AccountDeletions deletions) : AccountPage
{
    public IReadOnlyList<OwnedAlone> Owned { get; private set; } = [];

    public string? Fault { get; private set; }

    protected override bool IsSensitive => true;

    public async Task<IActionResult> OnGetAsync()
    {
        Owned = await deletions.FindOwnedAloneAsync(Me.UserId, Aborted);
        return Page();
    }

    /// <param name="organizations">Those that may end with the account.</param>
    public async Task<IActionResult> OnPostAsync([FromForm] Guid[] organizations)
    {
        Fault = await deletions.RequestAsync(Me.UserId, organizations, Aborted);
        if (Fault is null)
        {
            await HttpContext.SignOutAsync(Domain.Sessions.Scheme);
            return SeeOther("/account/data/deleted");
        }
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return await OnGetAsync();
    }
}
