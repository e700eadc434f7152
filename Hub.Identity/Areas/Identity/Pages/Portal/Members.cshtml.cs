using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Portal;

/// <summary>GET and POST /organizations/{slug}/members: who is in the organization, in which role; changes and removes them.</summary>
internal sealed class MembersModel(IdentityDb db, Memberships memberships) : OrganizationPage
{
    private const int PageSize = 50;

    protected override Permission Reads => Permissions.ReadMembers;

    [FromQuery(Name = "after")]
    public Guid After { get; set; }

    public IReadOnlyList<MemberResource> Shown { get; private set; } = [];

    /// <summary>Where the next page begins; null on the last.</summary>
    public Guid? Next { get; private set; }

    /// <summary>The roles that the caller may give.</summary>
    public IEnumerable<OrganizationRole> Roles => Enum.GetValues<OrganizationRole>().Where(role => role <= Membership.Role);

    public bool MayChange(MemberResource member) => May(Permissions.ManageMembers) && member.Role <= Membership.Role;

    public async Task<IActionResult> OnGetAsync()
    {
        await LoadAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? act, [FromForm] Guid member, [FromForm] OrganizationRole? role)
    {
        if (Refuse(Permissions.ManageMembers) is { } refused)
            return refused;
        var removes = act == "remove";
        if (!removes && !(role is { } given && Enum.IsDefined(given)))
            return SeeOther($"{Base}/members");
        var outcome = await db.InTransactionAsync(() => removes
            ? memberships.RemoveAsync(member, Me.UserId, IsRecentAsync, Aborted)
            : memberships.ChangeRoleAsync(member, role!.Value, Me.UserId, IsRecentAsync, Aborted), Aborted);
        if (outcome == MembershipOutcome.NotProved)
            return ToProof();
        if (outcome is MembershipOutcome.AboveOwnRole or MembershipOutcome.LastOwner or MembershipOutcome.LastBreakGlass or MembershipOutcome.Provisioned)
        {
            await LoadAsync();
            return Refuse(MembershipProblems.Describe(outcome)!);
        }
        if (removes && member == Me.UserId)
            return SeeOther("/");
        return Done($"{Base}/members", outcome == MembershipOutcome.NotAMember ? "They are no member any more." : removes ? "The member is removed." : "The member has the role.");
    }

    private async Task LoadAsync()
    {
        var rows = await db.InTransactionAsync(() => ListMembers.Query(db).Where(member => member.UserId > After).OrderBy(member => member.UserId).Take(PageSize + 1).ToListAsync(Aborted), Aborted);
        Shown = [.. rows.Take(PageSize)];
        Next = rows.Count > PageSize ? Shown[^1].UserId : null;
    }
}
