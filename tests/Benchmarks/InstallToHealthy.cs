using System.Diagnostics;
using System.Globalization;
using CodeZero.EndToEnd.Tests.Harness;

namespace CodeZero.Benchmarks;

/// <summary>
/// From asking for an install to its owner seeing that it is healthy, approval included, one after the other; with the agent as it is published, whose size and
/// memory are measured too.
/// </summary>
internal static class InstallToHealthy
{
    private const int Times = 20;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        var output = Directory.CreateTempSubdirectory("codezero-agent-");
        var platform = new WithPublishedAgent(Path.Combine(output.FullName, "CodeZero.ClusterAgent"));
        try
        {
            (await Tool.RunAsync("dotnet", ["publish", Path.Combine(BuiltOutput.Root, "ClusterAgent"), "-c", "Release", "-r", "linux-x64", "-o", output.FullName, "-v", "quiet", "--nologo"],
                deadline: TimeSpan.FromMinutes(5))).Succeeded();
            await platform.InitializeAsync();
            var seconds = new List<double>();
            for (var i = 0; i < Times; i++)
                seconds.Add(await InstallAsync(platform, string.Create(CultureInfo.InvariantCulture, $"bench-{i}")));
            return
            [
                Figure.Of($"install to healthy on DevCluster (median of {Times})", Figure.Median(seconds), "s"),
                Figure.Of($"install to healthy, slowest of {Times}", seconds.Max(), "s"),
                Figure.OfBytes($"agent, memory with {Times} installs", platform.AgentResidentBytes),
                Figure.OfBytes("agent, published single file", new FileInfo(platform.Program).Length),
            ];
        }
        finally
        {
            await platform.DisposeAsync();
            output.Delete(recursive: true);
        }
    }

    private static async Task<double> InstallAsync(Platform platform, string ns)
    {
        var started = Stopwatch.GetTimestamp();
        await platform.InstallAsync(ns);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private sealed class WithPublishedAgent(string program) : Platform
    {
        public string Program => program;

        protected override IReadOnlyList<string> AgentCommand => [program];
    }
}
