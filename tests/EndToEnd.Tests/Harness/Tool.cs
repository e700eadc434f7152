using System.Diagnostics;
using System.Text.Json;

namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>How a program ended and what it said.</summary>
public sealed record Outcome(string Command, int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as one JSON document.</summary>
    public JsonElement Json() => JsonSerializer.Deserialize<JsonElement>(Output);

    /// <summary>Itself, when it ended with 0.</summary>
    /// <exception cref="InvalidOperationException">It did not; the message has all that was said.</exception>
    public Outcome Succeeded() => ExitCode == 0 ? this : throw new InvalidOperationException(ToString());

    public override string ToString() => $"{Command} ended with {ExitCode}\n{Output}\n{Error}";
}

/// <summary>Runs programs as a person would.</summary>
internal static class Tool
{
    /// <summary>Runs a program to its end.</summary>
    /// <param name="environment">Set beside the tests' own; null takes a variable away.</param>
    /// <param name="deadline">Default: 60 seconds. Past it the program is killed.</param>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public static async Task<Outcome> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null, TimeSpan? deadline = null)
    {
        using var process = Start(program, arguments, environment);
        var command = $"{Path.GetFileName(program)} {string.Join(' ', process.StartInfo.ArgumentList)}";
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(deadline ?? TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{command} did not end in time. So far it said:\n{await output}\n{await error}");
        }
        return new(command, process.ExitCode, await output, await error);
    }

    /// <summary>Starts a program whose streams are redirected.</summary>
    public static Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
    }
}
