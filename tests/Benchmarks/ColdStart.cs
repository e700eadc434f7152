using System.Diagnostics;
using CodeZero.Testing;

namespace CodeZero.Benchmarks;

/// <summary>From starting the Hub's process to its first "ready", over a migrated database; and what it then holds in memory.</summary>
internal static class ColdStart
{
    private const int Times = 7;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        await using var database = await TestDatabase.CreateUnusedAsync();
        var (seconds, bytes) = (new List<double>(), new List<double>());
        for (var i = 0; i < Times; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await using var hub = await HubProcess.StartAsync(database);
            seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            bytes.Add(hub.ResidentBytes);
        }
        return [Figure.Of($"Hub, process start to ready (median of {Times})", Figure.Median(seconds), "s"), Figure.OfBytes("Hub, memory when ready", Figure.Median(bytes))];
    }
}
