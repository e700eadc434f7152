using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/security/passkeys/edit: another name for a passkey, or its end.</summary>
internal sealed class EditPasskeyModel(Passkeys passkeys, Sessions sessions) : AccountPage
{
    private const string Security = "/account/security";
    private const string Gone = "This passkey is gone already.";

    /// <summary>The credential identifier, in base64url.</summary>
    [FromQuery(Name = "id")]
    public string Id { get; set; } = "";

    public PasskeyView Shown { get; private set; } = null!;

    public string? Fault { get; private set; }

    protected override bool IsSensitive => true;

    public async Task<IActionResult> OnGetAsync() => await FindAsync() ? Page() : Done(Security, Gone);

    public async Task<IActionResult> OnPostAsync([FromForm] string? action, [FromForm] string? name)
    {
        if (!await FindAsync())
            return Done(Security, Gone);
        (var stamp, Fault) = action switch
        {
            "rename" when Passkeys.TidyName(name) is { } tidy => (null, await passkeys.RenameAsync(Me, Id, tidy, Aborted) ? null : Gone),
            "rename" => (null, "A passkey needs a name."),
            "remove" => await passkeys.RemoveAsync(Me, Id, Aborted),
            _ => ((string?)null, (string?)"Choose what to do with the passkey."),
        };
        if (Fault is null && action == "rename")
            return Done(Security, "The passkey has its new name.");
        if (stamp is not null)
        {
            await sessions.RenewAsync(HttpContext, Me, stamp, Aborted);
            return Done(Security, "The passkey was removed, and you are signed out everywhere but here. Remove it in the device or its password manager too: nothing does that from here.");
        }
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }

    private async Task<bool> FindAsync()
    {
        var found = (await passkeys.ListAsync(Me.UserId, Aborted)).SingleOrDefault(passkey => passkey.IdText == Id);
        Shown = found!;
        return found is not null;
    }
}
