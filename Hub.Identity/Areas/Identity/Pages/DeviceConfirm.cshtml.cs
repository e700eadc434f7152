using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>
/// GET and POST /device/confirm: what the device wants, the person's answer, and then what came of it. Only for the session that entered the code; any other starts over
/// (RFC 8628 §5.4). What is allowed is the request kept here, whatever the form says.
/// </summary>
internal sealed class DeviceConfirmModel(DeviceAuthorizations devices, ClientRegistry clients, TimeProvider clock) : AccountPage
{
    /// <summary>Shows that this session entered the code; by <see cref="DeviceAuthorizations.Enter"/>.</summary>
    [FromQuery(Name = "request")]
    public string? Entry { get; set; }

    public DeviceAuthorization Device { get; private set; } = null!;
    public string ClientName { get; private set; } = "";
    public IReadOnlyList<string> Permissions => ScopeWords.Of(Device.Scopes);
    public string UserCode => UserCodes.Show(Device.UserCode);
    public string Email => User.FindFirstValue("email") ?? "";

    public async Task<IActionResult> OnGetAsync()
    {
        if (await devices.FindEnteredAsync(Entry, Me, Aborted) is not { } device)
            return SeeOther("/device");
        if (await FindClientAsync(device) is not { } client || !(device.IsOpen(clock.GetUtcNow()) || device.DecidedIn == Me.SessionId))
            return RefusedView.Create(DeviceModel.Unknown);
        (Device, ClientName) = (device, client.Name);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? decision)
    {
        if (await devices.FindEnteredAsync(Entry, Me, Aborted) is not { } device)
            return SeeOther("/device");
        var decided = decision switch
        {
            "allow" => await FindClientAsync(device) is { } client && await devices.AllowAsync(device, client, Me, Aborted),
            "deny" => await devices.DenyAsync(device, Me, Aborted),
            _ => true,
        };
        return decided ? SeeOther($"/device/confirm?request={Entry}") : RefusedView.Create(DeviceModel.Unknown);
    }

    private async Task<Client?> FindClientAsync(DeviceAuthorization device) =>
        await clients.FindAsync(device.ClientId, Aborted) is { IsEnabled: true } client && client.Grants.Contains(GrantTypes.DeviceCode) ? client : null;
}
