using CodeZero.Hub.Identity.Data;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /signup: the form of <c>POST /v1/signup</c>; afterwards the person is signed in.</summary>
internal sealed class SignUpModel(Accounts accounts, Sessions sessions, IdentityDb db, IOptions<HubIdentityOptions> options, Authorizations authorizations, ClientRegistry clients)
    : EntryPage(authorizations, clients)
{
    private string? _wrongField;

    public sealed class Fields
    {
        public string? Email { get; set; }
        public string? Password { get; set; }
        public string? Organization { get; set; }
    }

    [BindProperty]
    public Fields Input { get; set; } = new();

    /// <summary>What the person has to change; null when nothing.</summary>
    public string? Fault { get; private set; }

    public int MinimumPasswordLength => options.Value.Password.MinimumLength;

    public string SignInAddress => "/signin" + Request.QueryString;

    /// <summary>The value of <c>aria-invalid</c>; null leaves the attribute out.</summary>
    public string? IsWrong(string field) => _wrongField == field ? "true" : null;

    public async Task<IActionResult> OnGetAsync()
    {
        if (await LoadAsync() is { } refused)
            return refused;
        Input.Email = Pending?.Request.LoginHint;
        return Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        if (await LoadAsync() is { } refused)
            return refused;
        switch (await accounts.SignUpAsync(Input.Email?.Trim() ?? "", Input.Password ?? "", Input.Organization, Aborted))
        {
            case SignUpResult.Created created:
                await sessions.StartAsync(HttpContext, await db.Users.AsNoTracking().SingleAsync(person => person.Id == created.UserId, Aborted), [AuthenticationMethods.Password], Aborted);
                return GoOn();
            case SignUpResult.Refused wrong:
                (_wrongField, Fault) = (wrong.Field, wrong.Reason);
                break;
            default:
                (_wrongField, Fault) = ("email", "No account can be made with this e-mail address. If it is yours, sign in instead.");
                break;
        }
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }
}
