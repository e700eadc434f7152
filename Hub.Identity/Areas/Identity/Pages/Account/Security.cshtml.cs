using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET /account/security: how the person signs in.</summary>
internal sealed class SecurityModel(IdentityDb db, SecondFactors factors, Passkeys passkeys) : AccountPage
{
    public bool HasPassword { get; private set; }

    public SecondFactorState Factors { get; private set; } = new(false, 0);

    public IReadOnlyList<PasskeyView> Passkeys { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync()
    {
        HasPassword = await db.Users.AnyAsync(person => person.Id == Me.UserId && person.PasswordHash != null, Aborted);
        Factors = await factors.ReadAsync(Me.UserId, Aborted);
        Passkeys = await passkeys.ListAsync(Me.UserId, Aborted);
        return Page();
    }
}
