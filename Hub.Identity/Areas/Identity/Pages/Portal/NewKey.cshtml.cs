using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Portal;

/// <summary>GET and POST /organizations/{slug}/keys/new: makes an API key, and shows it once: it travels to this page in an encrypted cookie that reading it removes.</summary>
internal sealed class NewKeyModel(IdentityDb db, ApiKeys keys) : OrganizationPage
{
    private const string SecretKey = "api-key";

    protected override Permission Reads => Permissions.ManageKeys;

    protected override bool IsSensitive => true;

    /// <summary>The key, when it was just made; else null.</summary>
    public string? Secret { get; private set; }

    public TokenForm Form { get; private set; } = new();

    public IActionResult OnGet()
    {
        Secret = TempData[SecretKey] as string;
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] TokenForm form)
    {
        Form = form;
        var (permissions, fault) = form.Read();
        if (fault is not null)
            return Refuse(fault);
        switch (await db.InTransactionAsync(() => keys.CreateAsync(Me.UserId, form.Name!, ApiTokenRules.LowestRole(permissions), permissions, form.Days, Aborted), Aborted))
        {
            case ApiKeyResult.Made made:
                TempData[SecretKey] = made.Token.Reveal();
                return SeeOther($"{Base}/keys/new");
            case ApiKeyResult.TooMany:
                return Refuse(ApiTokenProblems.TooManyOfOrganization);
            default:
                return Refuse(ApiTokenProblems.RoleAboveOwn);
        }
    }
}
