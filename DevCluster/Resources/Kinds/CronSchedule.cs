using System.Globalization;

namespace CodeZero.DevCluster.Resources.Kinds;

/// <summary>A schedule of five fields (minute, hour, day of month, month, day of week; <c>*</c>, lists, ranges, steps) or <c>@hourly</c> and the like, in UTC.</summary>
internal sealed class CronSchedule
{
    private static readonly (int Min, int Max)[] Ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
    private static readonly string[] Months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    private static readonly string[] Days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    private readonly HashSet<int>[] fields;
    private readonly bool anyDay;
    private readonly bool anyWeekday;

    private CronSchedule(HashSet<int>[] fields, bool anyDay, bool anyWeekday) => (this.fields, this.anyDay, this.anyWeekday) = (fields, anyDay, anyWeekday);

    public static bool TryParse(string text, out CronSchedule? schedule, out string why)
    {
        (schedule, why) = (null, "");
        var expanded = text switch
        {
            "@yearly" or "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" or "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ => text,
        };
        var parts = expanded.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 5)
        {
            why = $"expected exactly 5 fields, found {parts.Length}: [{text}]";
            return false;
        }
        var fields = new HashSet<int>[5];
        for (var i = 0; i < 5; i++)
        {
            fields[i] = [];
            foreach (var item in parts[i].Split(','))
                if (!TryAdd(item, i, fields[i]))
                {
                    why = $"failed to parse \"{item}\" in field {i + 1} of [{text}]";
                    return false;
                }
        }
        if (fields[4].Contains(7))
            fields[4].Add(0);
        schedule = new(fields, parts[2][0] is '*' or '?', parts[4][0] is '*' or '?');
        return true;
    }

    private static bool TryAdd(string item, int field, HashSet<int> values)
    {
        var (range, step) = item.Split('/') switch { [var r] => (r, 1), [var r, var s] when int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 => (r, n), _ => ("", 0) };
        var (min, max) = Ranges[field];
        int from, to;
        if (range is "*" or "?")
            (from, to) = (min, max);
        else if (range.Split('-') is [var a, var b] && TryNumber(a, field, out from) && TryNumber(b, field, out to))
        {
        }
        else if (TryNumber(range, field, out from))
            to = item.Contains('/') ? max : from;
        else
            return false;
        if (from < min || to > max || from > to || step == 0)
            return false;
        for (var v = from; v <= to; v += step)
            values.Add(v);
        return true;
    }

    private static bool TryNumber(string text, int field, out int value)
    {
        var names = field switch { 3 => Months, 4 => Days, _ => [] };
        var at = Array.IndexOf(names, text.ToUpperInvariant());
        value = at + (field == 3 ? 1 : 0);
        return at >= 0 || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>The first minute after the given time at which the schedule fires; null when there is none within five years.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        var t = new DateTimeOffset(after.UtcDateTime.Year, after.UtcDateTime.Month, after.UtcDateTime.Day, after.UtcDateTime.Hour, after.UtcDateTime.Minute, 0, TimeSpan.Zero).AddMinutes(1);
        var end = t.AddYears(5);
        while (t < end)
        {
            if (!fields[3].Contains(t.Month))
                t = new DateTimeOffset(t.Year, t.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
            else if (!DayMatches(t))
                t = new DateTimeOffset(t.Year, t.Month, t.Day, 0, 0, 0, TimeSpan.Zero).AddDays(1);
            else if (!fields[1].Contains(t.Hour))
                t = new DateTimeOffset(t.Year, t.Month, t.Day, t.Hour, 0, 0, TimeSpan.Zero).AddHours(1);
            else if (!fields[0].Contains(t.Minute))
                t = t.AddMinutes(1);
            else
                return t;
        }
        return null;
    }

    /// <summary>When both day fields are restricted, either may match (as cron does).</summary>
    private bool DayMatches(DateTimeOffset t)
    {
        var (day, weekday) = (fields[2].Contains(t.Day), fields[4].Contains((int)t.DayOfWeek));
        return anyDay || anyWeekday ? day && weekday : day || weekday;
    }
}
