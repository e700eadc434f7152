using System.Globalization;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>
/// GET and POST /device: the code that a device shows (RFC 8628 §3.3), from who is signed in. An address that brings the code fills it in and looks nothing up: a link or an
/// image elsewhere neither allows anything nor uses up anybody's tries.
/// </summary>
internal sealed class DeviceModel(DeviceAuthorizations devices, UserCodeThrottle throttle) : AccountPage
{
    /// <summary>What is said of every code that leads nowhere, whatever the reason.</summary>
    public const string Unknown = "This code is not known, was used, or is too old. Compare it with the one on the device, or start again there.";

    /// <summary>As the address brings it, or as it was typed.</summary>
    [FromQuery(Name = "user_code")]
    public string? UserCode { get; set; }

    /// <summary>Why the code leads nowhere; null before it was sent.</summary>
    public string? Fault { get; private set; }

    public IActionResult OnGet() => Page();

    public async Task<IActionResult> OnPostAsync([FromForm(Name = "code")] string? typed)
    {
        UserCode = typed;
        if (!throttle.TryTake(Me.UserId))
        {
            Response.Headers.RetryAfter = UserCodeThrottle.Refill.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            return Refuse("There were too many tries. Wait a few minutes, then start again on the device.", StatusCodes.Status429TooManyRequests);
        }
        return await devices.FindAsync(typed, Aborted) is { } device
            ? SeeOther("/device/confirm?request=" + devices.Enter(device, Me))
            : Refuse(Unknown, StatusCodes.Status422UnprocessableEntity);
    }

    private PageResult Refuse(string fault, int status)
    {
        Fault = fault;
        Response.StatusCode = status;
        return Page();
    }
}
