using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/tokens/new: makes an access token, and shows it once: it travels to this page in an encrypted cookie that reading it removes.</summary>
internal sealed class NewTokenModel(IdentityDb db, PersonalTokens tokens, Organizations organizations, Tenant tenant) : AccountPage
{
    private const string SecretKey = "personal-token";
    private const string Here = "/account/tokens/new";

    protected override bool IsSensitive => true;

    /// <summary>The token, when it was just made; else null.</summary>
    public string? Secret { get; private set; }

    public TokenForm Form { get; private set; } = new();
    public Guid[] Organizations { get; private set; } = [];
    public IReadOnlyList<MembershipView> Memberships { get; private set; } = [];
    public string? Fault { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        Secret = TempData[SecretKey] as string;
        if (Secret is null)
            await LoadAsync();
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] TokenForm form, [FromForm(Name = "organizations")] Guid[] chosen)
    {
        (Form, Organizations) = (form, chosen);
        await LoadAsync();
        (var permissions, Fault) = form.Read();
        Fault ??= chosen.Except(Memberships.Select(membership => membership.OrganizationId)).Any() ? "Choose organizations that you are in." : null;
        if (Fault is null)
        {
            var creation = await db.InTransactionAsync(
                () => tokens.CreateAsync(Me.UserId, Me.SecurityStamp, form.Name!, permissions, chosen.Length == 0 ? null : chosen, form.Days, Me.Amr, Aborted), Aborted);
            if (creation is PersonalTokenCreation.Made made)
                TempData[SecretKey] = made.Token.Reveal();
            if (creation is not PersonalTokenCreation.TooMany)
                return SeeOther(Here); // which leads who is signed out to the sign-in
            Fault = ApiTokenProblems.TooManyOfPerson;
        }
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }

    private async Task LoadAsync()
    {
        tenant.SignIn(Me.UserId);
        Memberships = await db.InTransactionAsync(() => organizations.OfPerson(Me.UserId).OrderBy(membership => membership.Slug).ToListAsync(Aborted), Aborted);
    }
}
