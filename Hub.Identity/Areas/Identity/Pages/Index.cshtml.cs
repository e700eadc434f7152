using System.Security.Claims;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET /: who is signed in here, and their organizations.</summary>
internal sealed class IndexModel(IdentityDb db, Organizations organizations, Tenant tenant) : IdentityPage
{
    public string Email => User.FindFirstValue("email") ?? "";

    public IReadOnlyList<MembershipView> Memberships { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync()
    {
        if (Session is not { } session)
            return SeeOther("/signin");
        tenant.SignIn(session.UserId);
        Memberships = await db.InTransactionAsync(() => organizations.OfPerson(session.UserId, session.LimitedTo).OrderBy(membership => membership.Name).ToListAsync(Aborted), Aborted);
        return Page();
    }
}
