using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using CodeZero.Hub.Identity.Sso;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>
/// GET and POST /signin. Wrong address, wrong password and locked account answer alike. Through an organization's provider: by the organization's name, or by the domain of an address,
/// whether or not the address has an account.
/// </summary>
internal sealed class SignInModel(
    Accounts accounts, FirstFactor firstFactor, Passkeys passkeys, Sessions sessions, SsoSignIns sso, Organizations organizations, Authorizations authorizations, ClientRegistry clients)
    : EntryPage(authorizations, clients)
{
    public sealed class Fields
    {
        public string? Email { get; set; }
        public string? Password { get; set; }
    }

    /// <summary>The slug or id of an organization to sign in for.</summary>
    [FromQuery(Name = "organization")]
    public string? Organization { get; set; }

    /// <summary>The organization asked for, when its members sign in through a provider; null otherwise.</summary>
    public string? SsoOrganization { get; private set; }

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
        if (Pending is null && Organization is null && (OwnSession is not null || (Session is not null && ReturnUrl is null)))
            return GoOn();
        Input.Email = Pending?.Request.LoginHint;
        return await AskAsync();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] string? by)
    {
        if (await LoadAsync() is { } refused)
            return refused;
        if (by is "organization" or "address")
            return await DepartAsync(by);
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

    /// <summary>Sends the person to a provider: of the organization that was asked for, or of the address's domain.</summary>
    private async Task<IActionResult> DepartAsync(string by)
    {
        var email = Input.Email?.Trim() is { Length: > 0 and <= Person.MaxEmailLength } typed && EmailAddress.FindFault(typed) is null ? typed : null;
        var found = by == "organization" ? NamedOrganization is { } named ? await sso.FindByNameAsync(named, Aborted) : null : email is null ? null : await sso.FindByAddressAsync(email, Aborted);
        if (found is not { } organization)
            Fault = "No organization signs people with such an address in here. Check the address, or use your password or passkey.";
        else
        {
            var anew = Pending?.Request is { } request && (request.Prompt.HasFlag(Protocol.Prompt.Login) || request.MaxAgeSeconds is not null);
            var (departure, fault) = await sso.BeginAsync(HttpContext, organization, await ReturnFromSsoAsync(organization), email, anew, Aborted);
            if (departure is not null)
                return DepartureView.Create(departure, Response);
            Fault = fault;
        }
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return await AskAsync();
    }

    private string? NamedOrganization => Organization ?? Pending?.Request.Organization;

    /// <summary>Where the person goes on: to what they came for, or to the organization.</summary>
    private async Task<string> ReturnFromSsoAsync(Guid organization) =>
        Pending is null && !ReturnAddress.IsLocal(ReturnUrl) ? $"/organizations/{await organizations.FindSlugAsync(organization, Aborted)}" : GoOnAddress;

    private async Task<PageResult> AskAsync()
    {
        if (NamedOrganization is { } named && await sso.FindByNameAsync(named, Aborted) is { } organization)
            SsoOrganization = await organizations.FindSlugAsync(organization, Aborted);
        Prompt = await passkeys.PromptAsync(HttpContext, userId: null, Aborted);
        AllowScript();
        return Page();
    }
}
