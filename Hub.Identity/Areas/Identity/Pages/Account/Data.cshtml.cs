using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/data: what the Hub holds of the person, to take along or to end.</summary>
internal sealed class DataModel(AccountDeletions deletions) : AccountPage
{
    /// <summary>The person's request for the end of the account; null when there is none.</summary>
    public AccountDeletion? Deletion { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        Deletion = await deletions.FindAsync(Me.UserId, Aborted);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        await deletions.WithdrawAsync(Me.UserId, Aborted);
        return Done("/account/data", "You keep your account. What you had connected has to be connected again.");
    }
}
