using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Portal;

/// <summary>GET and POST /organizations/{slug}/invitations: invites somebody, sends again, withdraws.</summary>
internal sealed class InvitationsModel(IdentityDb db, Invitations invitations) : OrganizationPage
{
    /// <summary>At least as many as can be open at once.</summary>
    private const int Newest = 2 * Domain.Invitations.MaxPending;

    protected override Permission Reads => Permissions.ManageMembers;

    public IReadOnlyList<Invitation> Shown { get; private set; } = [];
    public string? Email { get; private set; }
    public OrganizationRole Role { get; private set; } = OrganizationRole.Developer;

    /// <summary>The roles that the caller may offer.</summary>
    public IEnumerable<OrganizationRole> Roles => Enum.GetValues<OrganizationRole>().Where(role => role <= Membership.Role);

    public async Task<IActionResult> OnGetAsync()
    {
        await LoadAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? act, [FromForm] Guid invitation, [FromForm] string? email, [FromForm] OrganizationRole? role)
    {
        var (outcome, notice) = act switch
        {
            "resend" => ((await db.InTransactionAsync(() => invitations.SendAgainAsync(Me.UserId, invitation, IsRecentAsync, Aborted), Aborted)).Outcome, "The invitation is sent again; the message before is void."),
            "revoke" => (await db.InTransactionAsync(() => invitations.RevokeAsync(invitation, Aborted), Aborted), "The invitation is withdrawn."),
            _ => (InvitationOutcome.Done, null),
        };
        if (notice is null)
            return await SendAsync(email?.Trim() ?? "", role);
        if (outcome == InvitationOutcome.Done)
            return Done($"{Base}/invitations", notice);
        if (outcome == InvitationOutcome.NotProved)
            return ToProof();
        await LoadAsync();
        return Refuse(InvitationProblems.Describe(outcome));
    }

    private async Task<IActionResult> SendAsync(string email, OrganizationRole? role)
    {
        (Email, Role) = (email, role is { } given && Enum.IsDefined(given) ? given : Role);
        var fault = EmailAddress.FindFault(email);
        if (fault is null)
        {
            var (outcome, _) = await db.InTransactionAsync(() => invitations.SendAsync(Me.UserId, email, Role, IsRecentAsync, Aborted), Aborted);
            if (outcome == InvitationOutcome.Done)
                return Done($"{Base}/invitations", "The invitation is on its way.");
            if (outcome == InvitationOutcome.NotProved)
                return ToProof();
            fault = InvitationProblems.Describe(outcome);
        }
        await LoadAsync();
        return Refuse(fault);
    }

    private async Task LoadAsync() =>
        Shown = await db.InTransactionAsync(() => db.Invitations.AsNoTracking().OrderByDescending(row => row.Id).Take(Newest).ToListAsync(Aborted), Aborted);
}
