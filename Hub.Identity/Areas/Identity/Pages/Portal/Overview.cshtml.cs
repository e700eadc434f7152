using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Portal;

/// <summary>GET and POST /organizations/{slug}: what the organization is called, leaving it, handing it over, and its end.</summary>
internal sealed class OverviewModel(IdentityDb db, OrganizationSettings settings, Memberships memberships) : OrganizationPage
{
    protected override Permission Reads => Permissions.ReadOrganization;

    public string Name { get; private set; } = "";

    /// <summary>To whom the caller may hand the organization over.</summary>
    public IReadOnlyList<MemberResource> Heirs { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync()
    {
        await LoadAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? act, [FromForm] string? name, [FromForm] Guid heir, [FromForm] string? confirm)
    {
        await LoadAsync();
        return act switch
        {
            "rename" => await RenameAsync(name ?? ""),
            "transfer" => await TransferAsync(heir),
            "leave" => await LeaveAsync(),
            "end" => await EndAsync(confirm),
            _ => SeeOther(Base),
        };
    }

    private Task LoadAsync() => db.InTransactionAsync(async () =>
    {
        Name = await db.Organizations.Select(organization => organization.Name).SingleOrDefaultAsync(Aborted) ?? ""; // it may be ended in this moment
        if (May(Permissions.TransferOrganization))
            Heirs = await ListMembers.Query(db).Where(member => member.UserId != Me.UserId).OrderBy(member => member.Email).Take(1000).ToListAsync(Aborted);
    }, Aborted);

    private async Task<IActionResult> RenameAsync(string name)
    {
        if (Refuse(Permissions.ManageOrganization) is { } refused)
            return refused;
        Name = name;
        if (OrganizationName.FindFault(name) is { } fault)
            return Refuse(fault);
        await db.InTransactionAsync(async () =>
        {
            if (await db.Organizations.SingleOrDefaultAsync(Aborted) is { } organization)
                await settings.RenameAsync(organization, name.Trim(), Aborted);
        }, Aborted);
        return Done(Base, "The organization has its new name.");
    }

    private async Task<IActionResult> TransferAsync(Guid heir)
    {
        if ((Refuse(Permissions.TransferOrganization) ?? await RequireRecentAsync()) is { } refused)
            return refused;
        return await db.InTransactionAsync(() => memberships.TransferAsync(Me.UserId, heir, Aborted), Aborted) switch
        {
            MembershipOutcome.Done => Done(Base, "The organization is handed over. You are an admin now."),
            var outcome and (MembershipOutcome.AboveOwnRole or MembershipOutcome.LastBreakGlass) => Refuse(MembershipProblems.Describe(outcome)!),
            _ => Refuse("Choose another member."),
        };
    }

    private async Task<IActionResult> LeaveAsync() =>
        MembershipProblems.Describe(await db.InTransactionAsync(() => memberships.LeaveAsync(Me.UserId, Aborted), Aborted)) is { } fault ? Refuse(fault) : SeeOther("/");

    private async Task<IActionResult> EndAsync(string? confirm)
    {
        if ((Refuse(Permissions.DeleteOrganization) ?? await RequireRecentAsync()) is { } refused)
            return refused;
        if (confirm?.Trim() != Membership.Slug)
            return Refuse("What you wrote is not the organization's name in addresses. Nothing was ended.");
        if (await settings.FindHoldsAsync(Membership.OrganizationId, Aborted) is { Count: > 0 } reasons)
            return Refuse($"The organization cannot end yet. {string.Join(" ", reasons)}");
        await db.InTransactionAsync(() => settings.EndAsync(Membership.OrganizationId, Membership.Slug, Aborted), Aborted);
        return SeeOther("/"); // also when somebody else ended it in this moment
    }
}
