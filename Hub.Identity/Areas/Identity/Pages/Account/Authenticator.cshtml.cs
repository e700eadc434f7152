using System.Security.Claims;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/authenticator: adds an authenticator application when a code proves that it works, replaces it, or removes it.</summary>
internal sealed class AuthenticatorModel(SecondFactors factors, Sessions sessions) : AccountPage
{
    protected override bool IsSensitive => true;

    public Enrolment Enrolment { get; private set; } = null!;

    public QrCode Code => QrCode.Of(Totp.Address(Enrolment.Secret, User.FindFirstValue("email") ?? ""));

    public bool HasAuthenticator { get; private set; }

    public bool Failed { get; private set; }

    public Task<IActionResult> OnGetAsync() => ShowAsync(factors.Begin(Me));

    public async Task<IActionResult> OnPostAsync([FromForm] string? ticket, [FromForm] string? code)
    {
        if (factors.Resume(Me, ticket) is not { } enrolment)
            return SeeOther("/account/authenticator");
        if (await factors.AddAsync(Me, enrolment, code ?? "", Aborted) is { } added)
        {
            await sessions.RenewAsync(HttpContext, Me, added.Stamp, Aborted, AuthenticationMethods.OneTimeCode, AuthenticationMethods.MultiFactor);
            return RecoveryCodesModel.Show(this, added.RecoveryCodes);
        }
        Failed = true;
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return await ShowAsync(enrolment);
    }

    public async Task<IActionResult> OnPostRemoveAsync()
    {
        if (await factors.RemoveAsync(Me, Aborted) is not { } stamp)
            return Done("/account/security", "There is no authenticator to remove.");
        await sessions.RenewAsync(HttpContext, Me, stamp, Aborted);
        return Done("/account/security", "The authenticator is removed. Other browsers and applications were signed out, and access tokens are void.");
    }

    private async Task<IActionResult> ShowAsync(Enrolment enrolment)
    {
        Enrolment = enrolment;
        HasAuthenticator = (await factors.ReadAsync(Me.UserId, Aborted)).HasAuthenticator;
        return Page();
    }
}
