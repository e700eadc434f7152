using System.Diagnostics;
using CodeZero.Testing;

namespace CodeZero.DevCluster.Tests;

/// <summary>The program as a user starts it.</summary>
public sealed class ExecutableTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("codezero-devcluster-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "CodeZero.DevCluster.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    [Fact]
    public async Task It_says_when_it_is_ready_and_stops_when_told()
    {
        var kubeconfig = Path.Combine(directory, "kubeconfig");
        using var process = Start("--port", "0", "--kubeconfig", kubeconfig, "--data", Path.Combine(directory, "data"));
        Assert.StartsWith("DevCluster is ready at https://127.0.0.1:", await process.StandardOutput.ReadLineAsync());
        Assert.True(File.Exists(kubeconfig));
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await process.WaitForExitAsync(deadline.Token);
        Assert.Equal((0, ""), (process.ExitCode, await process.StandardError.ReadToEndAsync()));
    }

    [Theory]
    [InlineData("--port", "99999", "--port must be 0 to 65535")]
    [InlineData("--port", "many", "many")]
    [InlineData("--address", "nowhere", "--address must be an IP address")]
    [InlineData("--speed", "9", "--speed")]
    public async Task Bad_arguments_are_named(string option, string value, string message)
    {
        using var process = Start(option, value);
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.NotEqual(0, process.ExitCode);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_port_is_an_error_not_a_trace()
    {
        await using var first = await DevClusterServer.StartAsync();
        using var process = Start("--port", first.Url.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(1, process.ExitCode);
        Assert.StartsWith("DevCluster cannot start: ", error);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_lists_the_options()
    {
        using var process = Start("--help");
        var output = await process.StandardOutput.ReadToEndAsync();
        foreach (var option in new[] { "--port", "--kubeconfig", "--data", "--address" })
            Assert.Contains(option, output, StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => process.HasExited);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task Thousands_of_objects_list_quickly()
    {
        await using var server = await DevClusterServer.StartAsync();
        using var api = Api.To(server);
        for (var i = 0; i < 3000; i += 100)
            await Task.WhenAll(Enumerable.Range(i, 100).Select(n => api.ApplyAsync($"/api/v1/namespaces/default/configmaps/m{n}", "m", Manifests.ConfigMap($"m{n}", ("a", "1")))));
        var began = Stopwatch.GetTimestamp();
        var list = await api.GetAsync("/api/v1/namespaces/default/configmaps");
        Assert.True(list.Body["items"]!.AsArray().Count >= 3000);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5), $"{Stopwatch.GetElapsedTime(began)}");
    }
}
