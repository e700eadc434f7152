using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /signin. Wrong address, wrong password and locked account answer alike.</summary>
internal sealed class SignInModel(Accounts accounts, Sessions sessions, Authorizations authorizations, ClientRegistry clients) : EntryPage(authorizations, clients)
{
    public sealed class Fields
    {
        public string? Email { get; set; }
        public string? Password { get; set; }
    }

    [BindProperty]
    public Fields Input { get; set; } = new();

    public bool Failed { get; private set; }

    public string SignUpAddress => "/signup" + Request.QueryString;

    public async Task<IActionResult> OnGetAsync()
    {
        if (await LoadAsync() is { } refused)
            return refused;
        if (Session is not null && Pending is null)
            return GoOn();
        Input.Email = Pending?.Request.LoginHint;
        return Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (await LoadAsync() is { } refused)
            return refused;
        if (await accounts.CheckPasswordAsync(Input.Email ?? "", Input.Password ?? "", Aborted) is { } person)
        {
            await sessions.StartAsync(HttpContext, person, [AuthenticationMethods.Password], Aborted);
            return GoOn();
        }
        Failed = true;
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }
}
