using System.Globalization;
using System.Text.RegularExpressions;

namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary><c>./infra/up</c> of this clone, with what it makes in a directory of the test's.</summary>
internal sealed partial class UpScript : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);
    private readonly DirectoryInfo _state = Directory.CreateTempSubdirectory("codezero-up-");

    public UpScript()
    {
        // PostgreSQL runs as another user when this is root, and must pass here.
        File.SetUnixFileMode(_state.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        // What these tests were built with is what the script would build.
        if (BuiltOutput.Configuration == "Release")
            File.WriteAllText(Path.Combine(_state.FullName, "built"), "");
    }

    /// <summary>Runs it to its end.</summary>
    public Task<Outcome> RunAsync(params string[] arguments) => Tool.RunAsync(Script, arguments, Environment, Deadline);

    /// <summary>Runs it, and takes the Hub away as soon as this step of the main job has ended.</summary>
    public async Task<Outcome> RunAndKillHubAfterAsync(int step)
    {
        using var process = Tool.Start(Script, ["--once"], Environment);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = new List<string>();
        using var limit = new CancellationTokenSource(Deadline);
        while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            output.Add(line);
            if (StepOf(line) == step)
                await KillHubAsync();
        }
        await process.WaitForExitAsync(limit.Token);
        return new($"infra/up, without the Hub from step {step} on", process.ExitCode, string.Join('\n', output), await error);
    }

    /// <summary>The numbers of the steps that the output tells of, in its order.</summary>
    public static IEnumerable<int> Steps(string output) => output.Split('\n').Select(StepOf).OfType<int>();

    /// <summary>Processes that run with files of this directory; empty when the script left nothing behind.</summary>
    public IReadOnlyList<string> LeftBehind() =>
        [.. Directory.GetDirectories("/proc").Where(process => int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out _)).Select(CommandLine).Where(command => command.Contains(_state.FullName, StringComparison.Ordinal))];

    public void Dispose() => _state.Delete(recursive: true);

    private static string Script => Path.Combine(BuiltOutput.Root, "infra", "up");

    private Dictionary<string, string?> Environment => new() { ["CODEZERO_STATE"] = _state.FullName, ["KUBECONFIG"] = null };

    private async Task KillHubAsync()
    {
        var pid = await File.ReadAllTextAsync(Path.Combine(_state.FullName, "run", "hub.pid"));
        (await Tool.RunAsync("kill", ["-9", pid.Trim()])).Succeeded();
    }

    private static int? StepOf(string line) => Step().Match(line) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>Such as <c>  3. create a cluster, get a join token      0.4 s   cluster demo</c>.</summary>
    [GeneratedRegex(@"^\s+([1-8])\. .*\d\.\d s", RegexOptions.CultureInvariant)]
    private static partial Regex Step();
}
