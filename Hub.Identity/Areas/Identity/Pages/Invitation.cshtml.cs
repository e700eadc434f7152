using System.Security.Claims;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /invitations/{token}: what a message offers to whoever has it, and joining. Opening it changes nothing: mail programs do so by themselves.</summary>
internal sealed class InvitationModel(IdentityDb db, Invitations invitations, Organizations organizations, Tenant tenant, TimeProvider clock) : IdentityPage
{
    private Invitation? _invitation;

    [FromRoute(Name = "token")]
    public string Token { get; set; } = "";

    public string Organization { get; private set; } = "";
    public string Role => _invitation!.Role.ToString().ToLowerInvariant();
    public string InvitedEmail => _invitation!.Email;
    public string Email => User.FindFirstValue("email") ?? "";
    public bool IsOtherAccount { get; private set; }

    /// <summary>Why the person cannot join yet; null when they can.</summary>
    public string? Fault { get; private set; }

    /// <summary>A page of entry that leads back here.</summary>
    public string AddressOf(string page) => page + ReturnAddress.QueryTo(Request);

    public async Task<IActionResult> OnGetAsync() => await LoadAsync() ?? Page();

    public async Task<IActionResult> OnPostAsync()
    {
        if (await LoadAsync() is { } refused)
            return refused;
        if (OwnSession is not { } session)
            return SeeOther(AddressOf("/signin"));
        var outcome = await db.InTransactionAsync(async () => await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == session.UserId, Aborted) is { } person
            ? await invitations.AcceptAsync(InvitationToken.Parse(Token)!, person, Aborted)
            : InvitationOutcome.Unknown, Aborted);
        if (outcome == InvitationOutcome.Done)
            return SeeOther($"/organizations/{await organizations.FindSlugAsync(tenant.OrganizationId!.Value, Aborted)}");
        Fault = InvitationProblems.Describe(outcome);
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }

    /// <summary>Reads the invitation; a page that says why not when there is none to accept.</summary>
    private async Task<IActionResult?> LoadAsync()
    {
        if (InvitationToken.Parse(Token) is not { } token)
            return RefusedView.Create(InvitationProblems.Describe(InvitationOutcome.Unknown));
        if (OwnSession is { } session)
            tenant.SignIn(session.UserId);
        tenant.Enter(token.Organization); // the token says so, and sees nothing there but the invitation that it is of
        _invitation = await db.InTransactionAsync(() => invitations.FindAsync(token, Aborted), Aborted);
        var outcome = _invitation?.StateAt(clock.GetUtcNow()) switch
        {
            null => InvitationOutcome.Unknown,
            InvitationState.Accepted => InvitationOutcome.Accepted,
            InvitationState.Expired => InvitationOutcome.Expired,
            InvitationState.Revoked => InvitationOutcome.Revoked,
            _ => InvitationOutcome.Done,
        };
        if (outcome != InvitationOutcome.Done)
            return RefusedView.Create(InvitationProblems.Describe(outcome));
        Organization = await db.InTransactionAsync(() => db.Organizations.Select(row => row.Name).SingleAsync(Aborted), Aborted);
        IsOtherAccount = OwnSession is not null && !Email.Equals(_invitation!.Email, StringComparison.OrdinalIgnoreCase);
        return null;
    }
}
