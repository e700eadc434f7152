using System.Diagnostics;

namespace CodeZero.Testing;

/// <summary>Runs the real kubectl against one cluster, with a home of its own so that nothing is cached between clusters.</summary>
/// <param name="kubeconfig">Path of the kubeconfig.</param>
/// <param name="ns">Namespace for commands that name none.</param>
public sealed class Kubectl(string kubeconfig, string ns = "default") : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("codezero-kubectl-");

    /// <summary>Path of kubectl: the variable KUBECTL, else the PATH, else <c>.codezero/tools/kubectl</c> above here; null when there is none.</summary>
    public static string? Path { get; } = Find();

    /// <summary>What a command printed.</summary>
    public sealed record Result(int ExitCode, string Output, string Error)
    {
        /// <summary>Lines of the output, with runs of blanks made one: <c>web 2/2 Running</c>.</summary>
        public IReadOnlyList<string> Rows => [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
    }

    /// <summary>Runs a command that must succeed.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it printed.</exception>
    public async Task<Result> RunAsync(string arguments, string? stdin = null)
    {
        var result = await TryAsync(arguments, stdin);
        return result.ExitCode == 0 ? result : throw new InvalidOperationException($"kubectl {arguments} ended with {result.ExitCode}:\n{result.Error}\n{result.Output}");
    }

    /// <summary>Runs a command that may fail.</summary>
    /// <param name="arguments">As typed in a shell; single quotes keep blanks together.</param>
    public async Task<Result> TryAsync(string arguments, string? stdin = null)
    {
        using var process = Start(arguments);
        if (stdin is not null)
            await process.StandardInput.WriteAsync(stdin);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var deadline = new CancellationTokenSource(Deadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"kubectl {arguments} did not end within {Deadline.TotalSeconds:0} s.");
        }
        return new(process.ExitCode, await output, await error);
    }

    /// <summary>Starts a command that goes on until it is killed, such as a watch.</summary>
    public Process Start(string arguments)
    {
        var start = new ProcessStartInfo(Path ?? throw new InvalidOperationException("There is no kubectl. Install it, or name it in KUBECTL."))
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var argument in Split(arguments))
            start.ArgumentList.Add(argument);
        start.Environment["KUBECONFIG"] = kubeconfig;
        start.Environment["HOME"] = home.FullName;
        if (!arguments.Contains(" -n ", StringComparison.Ordinal) && !arguments.Contains(" -A", StringComparison.Ordinal))
        {
            start.ArgumentList.Insert(0, ns);
            start.ArgumentList.Insert(0, "-n");
        }
        return Process.Start(start)!;
    }

    private static IEnumerable<string> Split(string arguments)
    {
        var (word, quoted, any) = ("", false, false);
        foreach (var c in arguments)
        {
            if (c == '\'')
                (quoted, any) = (!quoted, true);
            else if (c == ' ' && !quoted)
            {
                if (word.Length > 0 || any)
                    yield return word;
                (word, any) = ("", false);
            }
            else
                word += c;
        }
        if (word.Length > 0 || any)
            yield return word;
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("KUBECTL") is { Length: > 0 } named)
            return named;
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => System.IO.Path.Combine(d, "kubectl")).FirstOrDefault(File.Exists);
        if (onPath is not null)
            return onPath;
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (System.IO.Path.Combine(directory.FullName, ".codezero", "tools", "kubectl") is var path && File.Exists(path))
                return path;
        return null;
    }

    public void Dispose() => home.Delete(recursive: true);
}
