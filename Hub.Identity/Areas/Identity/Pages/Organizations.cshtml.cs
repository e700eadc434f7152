using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /organizations: where the person is a member, and a further organization.</summary>
internal sealed class OrganizationsModel(IdentityDb db, Organizations organizations, Accounts accounts, Tenant tenant) : AccountPage
{
    public IReadOnlyList<MembershipView> Memberships { get; private set; } = [];
    public string? Name { get; private set; }
    public string? NewSlug { get; private set; }

    /// <summary>What the person has to change; null when nothing.</summary>
    public string? Fault { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        tenant.SignIn(Me.UserId);
        Memberships = await db.InTransactionAsync(() => organizations.OfPerson(Me.UserId).OrderBy(membership => membership.Name).ToListAsync(Aborted), Aborted);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? name, [FromForm] string? slug)
    {
        (Name, NewSlug) = (name, string.IsNullOrWhiteSpace(slug) ? null : slug.Trim());
        Fault = OrganizationName.FindFault(name ?? "") ?? (NewSlug is null || Slug.IsValid(NewSlug) ? null : "This is no name in addresses, or one of the Hub's own words. Choose another.");
        if (Fault is null && await CreateAsync(name!.Trim()) is { } created)
            return SeeOther($"/organizations/{created}");
        Fault ??= "Another organization has this name in addresses. Choose another, or leave it empty.";
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return await OnGetAsync();
    }

    /// <summary>The slug of the new organization; null when another has the one asked for.</summary>
    private async Task<string?> CreateAsync(string name)
    {
        tenant.SignIn(Me.UserId);
        var created = await accounts.CreateOrganizationAsync(HttpContext.RequestServices, Me.UserId, name, NewSlug, Aborted);
        await (created is null ? db.Database.RollbackTransactionAsync(Aborted) : db.Database.CommitTransactionAsync(Aborted));
        return created?.Membership.Slug;
    }
}
