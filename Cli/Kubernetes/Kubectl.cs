using System.ComponentModel;
using System.Diagnostics;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Kubernetes;

/// <summary>The person's own kubectl: czctl writes to a cluster with their rights, by the tool they know, and holds no rights of its own.</summary>
internal sealed class Kubectl
{
    private readonly string _program;
    private readonly IReadOnlyList<string> _target;
    private readonly Surroundings _surroundings;

    private Kubectl(string program, IReadOnlyList<string> target, Surroundings surroundings) => (_program, _target, _surroundings) = (program, target, surroundings);

    /// <summary>Finds kubectl: <c>$KUBECTL</c>, else the one on the PATH.</summary>
    /// <exception cref="CommandError">There is none.</exception>
    public static Kubectl Find(Surroundings surroundings, string? kubeconfig, string? context)
    {
        var target = new List<string>();
        if (kubeconfig is not null)
            target.Add("--kubeconfig=" + kubeconfig);
        if (context is not null)
            target.Add("--context=" + context);
        if (surroundings.Variable("KUBECTL") is { Length: > 0 } named)
            return new(named, target, surroundings);
        var name = OperatingSystem.IsWindows() ? "kubectl.exe" : "kubectl";
        var found = (surroundings.Variable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists);
        return found is not null ? new(found, target, surroundings) : throw NotInstalled();
    }

    /// <summary>Runs it.</summary>
    /// <param name="input">For its standard input; never an argument, where other processes could read it.</param>
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="CommandError">It ended with an error; the message is its own.</exception>
    public async Task<string> RunAsync(IReadOnlyList<string> arguments, string? input, CancellationToken ct)
    {
        var start = _surroundings.Program(_program);
        foreach (var argument in arguments.Concat(_target))
            start.ArgumentList.Add(argument);
        using var process = Start(start);
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var error = process.StandardError.ReadToEndAsync(ct);
        try
        {
            await WriteAsync(process, input, ct);
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return process.ExitCode == 0
            ? await output
            : throw CommandError.Refused("kubectl.failed", $"kubectl {arguments[0]} failed: {(await error).Trim()}", "Mend the cause and repeat the command.");
    }

    private static async Task WriteAsync(Process process, string? input, CancellationToken ct)
    {
        try
        {
            await process.StandardInput.WriteAsync((input ?? "").AsMemory(), ct);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read everything; its exit code and words tell why.
            return;
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw NotInstalled();
        }
        catch (Win32Exception)
        {
            throw NotInstalled();
        }
    }

    private static CommandError NotInstalled() => new(ExitCode.NotFound, "kubectl.missing", "There is no kubectl, by which czctl writes to the cluster.",
        "Install it (https://kubernetes.io/docs/tasks/tools/), or set KUBECTL to where it is, or use --print and apply the manifests yourself.");
}
