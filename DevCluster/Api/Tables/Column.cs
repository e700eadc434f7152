using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api.Tables;

/// <summary>A column of the table form of a resource.</summary>
/// <param name="Priority">0 is always shown, 1 only with <c>-o wide</c>.</param>
internal sealed record Column(string Name, string Type, int Priority, Func<JsonObject, DateTimeOffset, JsonNode?> Value, string Format = "", string Description = "")
{
    public static readonly Column ObjectName = new("Name", "string", 0, static (o, _) => o.StringAt("metadata", "name"), "name", "Name of the object.");
    public static readonly Column Age = new("Age", "string", 0, static (o, now) => AgeOf(o.At("metadata", "creationTimestamp"), now), "", "Time since the object was created.");

    public static string AgeOf(JsonNode? time, DateTimeOffset now) => time.AsTime() is { } t ? HumanDuration.Format(now - t) : "<unknown>";

    public JsonObject Definition() => new() { ["name"] = Name, ["type"] = Type, ["format"] = Format, ["description"] = Description, ["priority"] = Priority };
}

/// <summary>Durations as kubectl shows them: at most two units, fewer the longer it is.</summary>
internal static class HumanDuration
{
    public static string Format(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        if (seconds < 0)
            return seconds >= -1 ? "0s" : "<invalid>";
        var (minutes, hours) = ((long)duration.TotalMinutes, (long)duration.TotalHours);
        var days = hours / 24;
        static string Two(long big, string unit, long small, string smaller) => small == 0 ? $"{big}{unit}" : $"{big}{unit}{small}{smaller}";
        return (seconds, minutes, hours, days) switch
        {
            ( < 120, _, _, _) => $"{seconds}s",
            (_, < 10, _, _) => Two(minutes, "m", seconds % 60, "s"),
            (_, < 180, _, _) => $"{minutes}m",
            (_, _, < 8, _) => Two(hours, "h", minutes % 60, "m"),
            (_, _, < 48, _) => $"{hours}h",
            (_, _, < 192, _) => Two(days, "d", hours % 24, "h"),
            (_, _, _, < 730) => $"{days}d",
            (_, _, _, < 2920) => Two(days / 365, "y", days % 365, "d"),
            _ => $"{days / 365}y",
        };
    }
}
