using System.Globalization;
using System.Text;
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

    /// <summary>Runs it with <c>--once</c>, and does something as soon as its output matches.</summary>
    public async Task<Outcome> RunAsync(string moment, Func<Task> then)
    {
        using var process = Tool.Start(Script, ["--once"], Environment);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var (output, chunk, come) = (new StringBuilder(), new char[4096], false);
        using var limit = new CancellationTokenSource(Deadline);
        while (await process.StandardOutput.ReadAsync(chunk, limit.Token) is > 0 and var read)
        {
            output.Append(chunk, 0, read);
            if (come || !Regex.IsMatch(output.ToString(), moment, RegexOptions.Multiline))
                continue;
            come = true;
            await then();
        }
        await process.WaitForExitAsync(limit.Token);
        return new($"infra/up, at {moment}", process.ExitCode, output.ToString(), await error);
    }

    /// <summary>When everything runs and no step of the main job has been done.</summary>
    public const string Started = "^The main job:";

    /// <summary>When a step of the main job begins.</summary>
    public static string Begun(int step) => $@"^ +{step}\. ";

    /// <summary>When a step of the main job has ended.</summary>
    public static string Ended(int step) => $@"^ +{step}\. .*\d\.\d s";

    /// <summary>The process that the script calls by this name, while there is one.</summary>
    public int? Process(string name) =>
        File.Exists(PidFile(name)) && int.TryParse(File.ReadAllText(PidFile(name)), CultureInfo.InvariantCulture, out var pid) ? pid : null;

    /// <summary>As a crash of it would.</summary>
    public void KillHub()
    {
        using var hub = System.Diagnostics.Process.GetProcessById(Process("hub") ?? throw new InvalidOperationException("There is no Hub."));
        hub.Kill();
    }

    /// <summary>Whom the cluster takes the running agent for.</summary>
    public async Task<string> AgentUserAsync()
    {
        var command = CommandLine($"/proc/{Process("agent")}").Split(' ');
        var kubeconfig = command[Array.IndexOf(command, "--kubeconfig") + 1];
        return (await Tool.RunAsync("kubectl", ["--kubeconfig", kubeconfig, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"], Environment)).Succeeded().Output;
    }

    /// <summary>The numbers of the steps that the output tells of, in its order.</summary>
    public static IEnumerable<int> Steps(string output) => output.Split('\n').Select(StepOf).OfType<int>();

    /// <summary>Processes that run with files of this directory; empty when the script left nothing behind.</summary>
    public IReadOnlyList<string> LeftBehind() =>
        [.. Directory.GetDirectories("/proc").Where(process => int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out _)).Select(CommandLine).Where(command => command.Contains(_state.FullName, StringComparison.Ordinal))];

    public void Dispose() => _state.Delete(recursive: true);

    private static string Script => Path.Combine(BuiltOutput.Root, "infra", "up");

    private Dictionary<string, string?> Environment => new() { ["CODEZERO_STATE"] = _state.FullName, ["KUBECONFIG"] = null };

    private string PidFile(string name) => Path.Combine(_state.FullName, "run", $"{name}.pid");

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
