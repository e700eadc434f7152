using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /signin/code: the second factor of who has just given the password. Only then a session begins. Wrong, used and locked are answered alike.</summary>
internal sealed class SignInCodeModel(FirstFactor firstFactor, SecondFactors factors, Sessions sessions, Authorizations authorizations, ClientRegistry clients)
    : EntryPage(authorizations, clients)
{
    [FromQuery(Name = "by")]
    public string? By { get; set; }

    public bool ByRecoveryCode => By == "recovery";

    public bool Failed { get; private set; }

    public string OtherWay => "/signin/code" + (ByRecoveryCode ? Onward("?") : "?by=recovery" + Onward("&"));

    public async Task<IActionResult> OnGetAsync()
    {
        if (await LoadAsync() is { } refused)
            return refused;
        return await firstFactor.FindAsync(HttpContext, Aborted) is null ? ToSignIn() : Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? code)
    {
        if (await LoadAsync() is { } refused)
            return refused;
        if (await firstFactor.FindAsync(HttpContext, Aborted) is not { } userId)
            return ToSignIn();
        if (await factors.CheckAsync(userId, code ?? "", ByRecoveryCode, Aborted) is { } person)
        {
            await FirstFactor.ForgetAsync(HttpContext);
            await sessions.StartAsync(HttpContext, person, [AuthenticationMethods.Password, AuthenticationMethods.OneTimeCode, AuthenticationMethods.MultiFactor], Aborted);
            return GoOn();
        }
        Failed = true;
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }

    private StatusCodeResult ToSignIn() => SeeOther("/signin" + Onward("?"));
}
