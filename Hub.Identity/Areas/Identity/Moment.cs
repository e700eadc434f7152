using System.Globalization;
using Microsoft.AspNetCore.Html;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>Times on pages. The Hub does not know where its reader is, so exact ones are in UTC and say so.</summary>
internal static class Moment
{
    /// <summary><c>22 Nov 2026, 00:03 UTC</c>.</summary>
    public static IHtmlContent Exact(DateTimeOffset at) => Time(at, at.UtcDateTime.ToString("d MMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture));

    /// <summary><c>22 Nov 2026</c>.</summary>
    public static IHtmlContent Day(DateTimeOffset at) => Time(at, at.UtcDateTime.ToString("d MMM yyyy", CultureInfo.InvariantCulture));

    /// <summary><c>just now</c>, <c>5 minutes ago</c>, <c>3 hours ago</c>; past two days, the day.</summary>
    public static IHtmlContent Ago(DateTimeOffset at, DateTimeOffset now) => (now - at) switch
    {
        { TotalMinutes: < 2 } => Time(at, "just now"),
        { TotalMinutes: < 120 } past => Time(at, string.Create(CultureInfo.InvariantCulture, $"{past.TotalMinutes:0} minutes ago")),
        { TotalHours: < 48 } past => Time(at, string.Create(CultureInfo.InvariantCulture, $"{past.TotalHours:0} hours ago")),
        _ => Day(at),
    };

    private static HtmlString Time(DateTimeOffset at, string words) => new($"<time datetime=\"{at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}\">{words}</time>");
}
