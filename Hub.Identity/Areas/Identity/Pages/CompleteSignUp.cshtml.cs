using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /signup/complete: makes the account of a link from /signup; afterwards the person is signed in, and goes on to what they came for.</summary>
internal sealed class CompleteSignUpModel(SignUps signUps, Sessions sessions, IOptions<HubIdentityOptions> options, Authorizations authorizations, ClientRegistry clients)
    : EntryPage(authorizations, clients)
{
    private string? _wrongField;

    public sealed class Fields
    {
        public string? Password { get; set; }
        public string? Organization { get; set; }
    }

    [FromQuery(Name = "token")]
    public string? Token { get; set; }

    [BindProperty]
    public Fields Input { get; set; } = new();

    public string Email { get; private set; } = "";

    /// <summary>What the person has to change; null when nothing.</summary>
    public string? Fault { get; private set; }

    public int MinimumPasswordLength => options.Value.Password.MinimumLength;

    /// <summary>The value of <c>aria-invalid</c>; null leaves the attribute out.</summary>
    public string? IsWrong(string field) => _wrongField == field ? "true" : null;

    public async Task<IActionResult> OnGetAsync() => await FindAsync() ? Page() : Gone();

    public async Task<IActionResult> OnPostAsync()
    {
        if (!await FindAsync())
            return Gone();
        switch (await signUps.CompleteAsync(Token, Input.Password ?? "", Input.Organization, Aborted))
        {
            case SignUpResult.Created created:
                await sessions.StartAsync(HttpContext, created.Person, [AuthenticationMethods.Password], Aborted);
                return GoOn();
            case SignUpResult.Refused wrong:
                (_wrongField, Fault) = (wrong.Field, wrong.Reason);
                Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
                return Page();
            default:
                return Gone();
        }
    }

    private async Task<bool> FindAsync()
    {
        Email = await signUps.FindAddressAsync(Token, Aborted) ?? "";
        await LoadAsync(); // the application's request may have ended meanwhile: the account is made all the same
        return Email.Length > 0;
    }

    private static ViewResult Gone() =>
        RefusedView.Create("This link was used or is too old, or its address has an account by now. Sign in, or sign up again for a new link.");
}
