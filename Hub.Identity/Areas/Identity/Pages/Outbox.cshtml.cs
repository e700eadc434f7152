using System.Text.RegularExpressions;
using CodeZero.Hub.Platform.Mail;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Areas.Identity.Pages;

/// <summary>GET /dev/outbox: what a Hub without a mail server would have sent, newest first. Not there for anybody but this machine's own user.</summary>
internal sealed partial class OutboxModel(DevelopmentOutbox outbox) : IdentityPage
{
    [FromQuery(Name = "to")]
    public string? To { get; set; }

    public IReadOnlyList<KeptEmail> Messages { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync()
    {
        if (!outbox.IsOpenTo(HttpContext.Connection.RemoteIpAddress))
            return NotFound();
        Messages = await outbox.ReadAsync(string.IsNullOrWhiteSpace(To) ? null : To.Trim(), Aborted);
        return Page();
    }

    /// <summary>The text, with its addresses apart.</summary>
    public static IEnumerable<(string Text, bool IsLink)> Pieces(string text) => Link().Split(text).Select((piece, i) => (piece, i % 2 == 1));

    [GeneratedRegex(@"(https?://\S+)", RegexOptions.CultureInvariant)]
    private static partial Regex Link();
}
