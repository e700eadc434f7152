using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Portal;

/// <summary>GET and POST /organizations/{slug}/policy: how members must sign in.</summary>
internal sealed class PolicyModel(IdentityDb db, OrganizationSettings settings) : OrganizationPage
{
    protected override Permission Reads => Permissions.ReadPolicy;

    public PolicyResource Policy { get; private set; } = new(false, null, null);

    public async Task<IActionResult> OnGetAsync()
    {
        await LoadAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] bool requireMfa)
    {
        if ((Refuse(Permissions.ManagePolicy) ?? await RequireRecentAsync()) is { } refused)
            return refused;
        if (await db.InTransactionAsync(async () => await settings.RequireMfaAsync(await db.Organizations.SingleAsync(Aborted), requireMfa, Me.Amr, Aborted), Aborted))
            return Done($"{Base}/policy", requireMfa ? "Members are asked for a second factor from now on." : "Members are not asked for a second factor any more.");
        await LoadAsync();
        return Refuse(SetPolicy.OwnSignIn);
    }

    private async Task LoadAsync() => Policy = PolicyResource.Of(await db.InTransactionAsync(() => db.Organizations.AsNoTracking().SingleAsync(Aborted), Aborted));
}
