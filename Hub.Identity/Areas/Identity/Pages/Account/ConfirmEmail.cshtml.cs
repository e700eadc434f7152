using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/email/confirm: the link of /account/email, opened by who asked for it. A link alone changes nothing: mail programs open links too.</summary>
internal sealed class ConfirmEmailModel(EmailChanges changes, Sessions sessions, Domains domains) : AccountPage
{
    [FromQuery(Name = "token")]
    public string? Token { get; set; }

    public string Email { get; private set; } = "";

    public async Task<IActionResult> OnGetAsync()
    {
        Email = await changes.FindAddressAsync(Me, Token, Aborted) ?? "";
        return Email.Length > 0 ? Page() : Gone();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (await changes.ConfirmAsync(Me, Token, Aborted) is not { } person)
            return Gone();
        if (await sessions.RenewAsync(HttpContext, Me, person.SecurityStamp!, Aborted))
            await domains.JoinAsync(person, Aborted); // the address may be of an organization that lets its people join
        return Done("/account", $"{person.Email} is the address of this account now.");
    }

    private static ViewResult Gone() =>
        RefusedView.Create("This link was used or is too old, was sent for another account than the one signed in here, or the account has changed since. Ask for a new one on your profile.");
}
