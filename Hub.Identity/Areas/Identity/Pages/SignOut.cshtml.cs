using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET asks, POST signs out: a link or an image elsewhere cannot. An application that asked for it (/connect/endsession) gets its person back afterwards.</summary>
internal sealed class SignOutModel(Sessions sessions, ClientRegistry clients, SignedOutReturns returns) : IdentityPage
{
    /// <summary>Where to go afterwards, sealed by <see cref="SignedOutReturns"/>.</summary>
    [FromQuery(Name = "then")]
    public string? Then { get; set; }

    /// <summary>Who asks; null when the person came by themselves.</summary>
    public string? ClientName { get; private set; }

    public async Task<IActionResult> OnGetAsync()
    {
        if (Session is null)
            return SeeOther("/signin");
        if (await FindReturnAsync() is var (client, to))
        {
            ClientName = client.Name;
            AllowFormsTo(to.Uri);
        }
        return Page();
    }

    public async Task<IActionResult> OnPostAsync()
    {
        var to = await FindReturnAsync();
        await sessions.EndAsync(HttpContext, Aborted);
        return SeeOther(SignedOutReturns.AddressOf(to?.To));
    }

    /// <summary>Null without one, and when the client was registered otherwise since.</summary>
    private async Task<(Client Client, SignedOutReturn To)?> FindReturnAsync() =>
        returns.Read(Then) is { } to && await clients.FindAsync(to.ClientId, Aborted) is { IsEnabled: true } client && client.PostLogoutRedirectUris.Contains(to.Uri) ? (client, to) : null;
}
