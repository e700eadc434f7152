using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET and POST /signup: the form of <c>POST /v1/signup</c>. Every address is answered alike; the link in the message goes on at /signup/complete.</summary>
internal sealed class SignUpModel(SignUps signUps, Authorizations authorizations, ClientRegistry clients) : EntryPage(authorizations, clients)
{
    public sealed class Fields
    {
        public string? Email { get; set; }
    }

    [BindProperty]
    public Fields Input { get; set; } = new();

    /// <summary>What is wrong with the address; null when nothing.</summary>
    public string? Fault { get; private set; }

    public string SignInAddress => "/signin" + Request.QueryString;

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
        var email = Input.Email?.Trim() ?? "";
        Fault = EmailAddress.FindFault(email);
        if (Fault is not null)
        {
            Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
            return Page();
        }
        await signUps.RequestAsync(email, Onward("&"), Aborted);
        return SentModel.Show(this, email);
    }
}
