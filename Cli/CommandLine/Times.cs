using System.Globalization;

namespace CodeZero.Cli.CommandLine;

/// <summary>Times as people say them, and durations as they write them.</summary>
internal static class Times
{
    /// <summary><c>12 s ago</c>; <c>never</c>.</summary>
    public static string Ago(DateTimeOffset? time, DateTimeOffset now) => time is { } then ? $"{Length(now - then)} ago" : "never";

    /// <summary><c>in 12 s</c>; <c>12 s ago</c> for the past.</summary>
    public static string Until(DateTimeOffset? time, DateTimeOffset now) => time switch
    {
        null => "unknown",
        { } then when then >= now => $"in {Length(then - now)}",
        { } then => $"{Length(now - then)} ago",
    };

    /// <summary>Reads <c>90s</c>, <c>5m</c>, <c>1h</c>.</summary>
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        if (text is not { Length: >= 2 } || !double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || number > 1_000_000)
            return false;
        TimeSpan? read = text[^1] switch { 's' => TimeSpan.FromSeconds(number), 'm' => TimeSpan.FromMinutes(number), 'h' => TimeSpan.FromHours(number), _ => null };
        duration = read ?? default;
        return read is not null;
    }

    /// <summary>Local time of day, with the date when it is not today's.</summary>
    public static string Clock(DateTimeOffset time, DateTimeOffset now)
    {
        var (local, today) = (time.ToLocalTime(), now.ToLocalTime());
        return local.ToString(local.Date == today.Date ? "HH:mm:ss" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
    }

    private static string Length(TimeSpan span) => span.Duration() switch
    {
        { TotalSeconds: < 120 } s => string.Create(CultureInfo.InvariantCulture, $"{s.TotalSeconds:0} s"),
        { TotalMinutes: < 120 } m => string.Create(CultureInfo.InvariantCulture, $"{m.TotalMinutes:0} min"),
        { TotalHours: < 48 } h => string.Create(CultureInfo.InvariantCulture, $"{h.TotalHours:0} h"),
        var d => string.Create(CultureInfo.InvariantCulture, $"{d.TotalDays:0} days"),
    };
}
