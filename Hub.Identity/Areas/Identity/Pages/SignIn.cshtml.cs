using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /signin. Wrong address, wrong password and locked account answer alike.</summary>
internal sealed class SignInModel(Accounts accounts, FirstFactor firstFactor, Passkeys passkeys, Sessions sessions, Authorizations authorizations, ClientRegistry clients) : EntryPage(authorizations, clients)
{
    public sealed class Fields
    {
        public string? Email { get; set; }
        public string? Password { get; set; }
    }

    [BindProperty]
    public Fields Input { get; set; } = new();

    [BindProperty]
    public PasskeyAnswer Passkey { get; set; } = new();

    public PasskeyPrompt Prompt { get; private set; } = null!;

    /// <summary>Why the person is not signed in; null before they tried.</summary>
    public string? Fault { get; private set; }

    public string SignUpAddress => "/signup" + Request.QueryString;

    public async Task<IActionResult> OnGetAsync()
    {
        if (await LoadAsync() is { } refused)
            return refused;
        if (Pending is null && (OwnSession is not null || (Session is not null && ReturnUrl is null)))
            return GoOn();
        Input.Email = Pending?.Request.LoginHint;
        return await AskAsync();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (await LoadAsync() is { } refused)
            return refused;
        var (person, amr) = await CheckAsync();
        if (person is { TwoFactorEnabled: true } && !amr.Contains(AuthenticationMethods.MultiFactor))
        {
            await firstFactor.RememberAsync(HttpContext, person);
            return SeeOther("/signin/code" + Onward("?"));
        }
        if (person is not null)
        {
            await sessions.StartAsync(HttpContext, person, amr, Aborted);
            return GoOn();
        }
        Fault = Passkey.IsGiven
            ? "This passkey is not known here, or its answer came too late. Try again, or use your password."
            : "E-mail address and password do not fit together, or there were too many tries. Check both; after too many tries, wait a few minutes.";
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return await AskAsync();
    }

    private async Task<(Person? Person, string[] Amr)> CheckAsync()
    {
        if (!Passkey.IsGiven)
            return (await accounts.CheckPasswordAsync(Input.Email ?? "", Input.Password ?? "", Aborted), [AuthenticationMethods.Password]);
        var proof = await passkeys.VerifyAsync(HttpContext, Passkey, userId: null, Aborted);
        return (proof?.Person, proof?.Amr ?? []);
    }

    private async Task<PageResult> AskAsync()
    {
        Prompt = await passkeys.PromptAsync(HttpContext, userId: null, Aborted);
        AllowScript();
        return Page();
    }
}
