using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>A page under /account: for who signed in by themselves, about themselves. Others are led to the sign-in, and back.</summary>
internal abstract class AccountPage : IdentityPage
{
    /// <summary>The key under which the next page finds what to say; see <see cref="Done"/>.</summary>
    public const string Notice = "notice";

    /// <summary>Whose account it is.</summary>
    public SignedIn Me => Session!;

    /// <summary>Whether the page shows or changes what could take the account over. It then asks for a proof of the last minutes, by /reauthenticate.</summary>
    protected virtual bool IsSensitive => false;

    /// <summary>Whether a session that is limited to one organization may see the page.</summary>
    protected virtual bool AdmitsLimited => false;

    [NonHandler] // the framework's own mark is not inherited: it would serve this as a method named PAGE
    public override async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        if ((AdmitsLimited ? Session : OwnSession) is null)
            context.Result = ToSignIn();
        else if (IsSensitive && await RequireRecentAsync() is { } detour)
            context.Result = detour;
        else
            await next();
    }

    /// <summary>Null when the person proved who they are within the last minutes; else the way to where they can, and back to this page.</summary>
    protected async Task<IActionResult?> RequireRecentAsync() => await IsRecentAsync(Aborted) ? null : ToProof();

    /// <summary>The way to where the person can prove who they are, and back to this page; for who signed in by an organization's provider, to the sign-in.</summary>
    protected IActionResult ToProof() => OwnSession is null ? ToSignIn() : SeeOther("/reauthenticate" + ReturnAddress.QueryTo(Request));

    /// <summary>Whether they did; for what asks for it only of some. Who did not is sent on by <see cref="ToProof"/>.</summary>
    protected async Task<bool> IsRecentAsync(CancellationToken ct) =>
        OwnSession is not null && await HttpContext.RequestServices.GetRequiredService<Reauthentication>().IsRecentAsync(Me, ct);

    private StatusCodeResult ToSignIn() => SeeOther("/signin" + ReturnAddress.QueryTo(Request));

    /// <summary>Leads on to a page that says once what was done.</summary>
    protected IActionResult Done(string address, string notice)
    {
        TempData[Notice] = notice;
        return SeeOther(address);
    }
}

/// <summary>The entries of the account's navigation, in their order.</summary>
internal static class AccountNavigation
{
    public static readonly IReadOnlyList<(string Address, string Title)> Entries =
    [
        ("/account", "Profile"),
        ("/account/security", "Security"),
        ("/account/sessions", "Sessions"),
        ("/account/applications", "Applications"),
        ("/account/tokens", "Access tokens"),
        ("/account/data", "Your data"),
    ];

    /// <summary>The entry that an address belongs to: itself, or the one it is below.</summary>
    public static string? EntryOf(string? address) =>
        Entries.Select(entry => entry.Address).Where(entry => address == entry || address?.StartsWith(entry + "/", StringComparison.Ordinal) == true).MaxBy(entry => entry.Length);
}
