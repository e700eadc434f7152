using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/tokens: the person's access tokens; revokes one.</summary>
internal sealed class TokensModel(IdentityDb db, PersonalTokens tokens, Organizations organizations, Tenant tenant) : AccountPage
{
    private const string Here = "/account/tokens";

    private IReadOnlyDictionary<Guid, string> _slugs = new Dictionary<Guid, string>();

    public IReadOnlyList<PersonalTokenView> Shown { get; private set; } = [];

    /// <summary>An organization's slug; its id when the person is in it no more.</summary>
    public string NameOf(Guid organization) => _slugs.GetValueOrDefault(organization, organization.ToString());

    public async Task<IActionResult> OnGetAsync()
    {
        tenant.SignIn(Me.UserId);
        _slugs = await db.InTransactionAsync(() => organizations.OfPerson(Me.UserId).ToDictionaryAsync(membership => membership.OrganizationId, membership => membership.Slug, Aborted), Aborted);
        Shown = await tokens.Of(Me.UserId).OrderByDescending(token => token.Id).ToListAsync(Aborted);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] Guid revoke) =>
        Done(Here, await tokens.RevokeAsync(Me.UserId, revoke, Aborted) ? "The token is void. What uses it has to do without." : "There is no such token.");
}
