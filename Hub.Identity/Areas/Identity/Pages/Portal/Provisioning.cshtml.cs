using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Features;
using CodeZero.Hub.Platform.Data;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Portal;

/// <summary>GET and POST /organizations/{slug}/provisioning: where the organization's directory calls, how it stands, and its end.</summary>
internal sealed class ProvisioningModel(IdentityDb db, ScimDirectories directories, ScimAddresses addresses) : OrganizationPage
{
    protected override Permission Reads => Permissions.ProvisionMembers;

    public ProvisioningResource Provisioning { get; private set; } = new("", 0, 0, 0, null);

    public async Task<IActionResult> OnGetAsync()
    {
        Provisioning = await db.InTransactionAsync(() => ProvisioningResource.ReadAsync(directories, addresses, Aborted), Aborted);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        await db.InTransactionAsync(() => directories.EndAsync(Aborted), Aborted);
        return Done($"{Base}/provisioning", "The directory's users and groups are forgotten. Members stay members, and are changed by hand again.");
    }
}
