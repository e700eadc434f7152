using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/sessions: the browsers the person is signed in at; ends one of them, or everything.</summary>
internal sealed class SessionsModel(Sessions sessions) : AccountPage
{
    public IReadOnlyList<Session> Shown { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync()
    {
        Shown = await sessions.Live(Me.UserId).OrderByDescending(session => session.Id == Me.SessionId).ThenByDescending(session => session.LastSeenAt).ToListAsync(Aborted);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync([FromForm] Guid? end, [FromForm] bool everywhere)
    {
        if (everywhere)
            await sessions.EndAllAsync(Me.UserId, Aborted);
        else if (end is not { } session || !await sessions.EndAsync(Me.UserId, session, Aborted))
            return Done("/account/sessions", "This browser is signed out already.");
        else if (session != Me.SessionId)
            return Done("/account/sessions", "The browser is signed out.");
        await HttpContext.SignOutAsync(Domain.Sessions.Scheme);
        return SeeOther("/signin");
    }
}
