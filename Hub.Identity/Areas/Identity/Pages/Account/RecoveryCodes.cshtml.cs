using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages.Account;

/// <summary>GET and POST /account/recovery-codes: makes new ones, and shows them once: they travel to this page in an encrypted cookie that reading it removes.</summary>
internal sealed class RecoveryCodesModel(SecondFactors factors) : AccountPage
{
    private const string CodesKey = "recovery-codes";

    protected override bool IsSensitive => true;

    /// <summary>The codes, when they were just made; else null.</summary>
    public IReadOnlyList<string>? Codes { get; private set; }

    public int Left { get; private set; }

    /// <summary>The codes as a file, in the address itself: it needs no script and no second request.</summary>
    public string Download => "data:text/plain;charset=utf-8," + Uri.EscapeDataString($"Recovery codes of CodeZero Hub, each good once:\r\n\r\n{string.Join("\r\n", Codes!)}\r\n");

    public async Task<IActionResult> OnGetAsync()
    {
        Codes = TempData[CodesKey] as string[];
        if (Codes is null)
        {
            var state = await factors.ReadAsync(Me.UserId, Aborted);
            if (!state.HasAuthenticator)
                return SeeOther("/account/security");
            Left = state.RecoveryCodesLeft;
        }
        return Page();
    }

    public async Task<IActionResult> OnPostAsync() =>
        await factors.RenewCodesAsync(Me, Aborted) is { } codes ? Show(this, codes) : SeeOther("/account/security");

    /// <summary>Leads from the page that made the codes to this one.</summary>
    public static IActionResult Show(IdentityPage from, IReadOnlyList<string> codes)
    {
        from.TempData[CodesKey] = codes.ToArray();
        return from.SeeOther("/account/recovery-codes");
    }
}
