using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Portal;

/// <summary>GET and POST /organizations/{slug}/keys: the organization's API keys; revokes one.</summary>
internal sealed class KeysModel(IdentityDb db, ApiKeys keys) : OrganizationPage
{
    protected override Permission Reads => Permissions.ReadKeys;

    /// <summary>The keys, the newest first, with the address of who made each; null when that person is gone.</summary>
    public IReadOnlyList<(ApiKey Key, string? Maker)> Shown { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync()
    {
        var rows = await db.InTransactionAsync(() => (
            from key in db.ApiKeys.AsNoTracking()
            orderby key.Id descending
            select new { Key = key, Maker = db.Users.Where(person => person.Id == key.CreatedBy).Select(person => person.Email).SingleOrDefault() }).ToListAsync(Aborted), Aborted);
        Shown = [.. rows.Select(row => (row.Key, row.Maker))];
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] Guid revoke) => Refuse(Permissions.ManageKeys)
        ?? Done($"{Base}/keys", await db.InTransactionAsync(() => keys.RevokeAsync(revoke, Aborted), Aborted) ? "The key is void. What uses it has to do without." : "There is no such key.");
}
