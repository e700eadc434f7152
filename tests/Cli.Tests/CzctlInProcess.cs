using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Tests;

/// <summary>
/// czctl from its arguments to its exit code in the tests' process, which spares the start of another. The end-to-end tests compile this file, too: <c>CodeZero.Testing</c>,
/// which is no project of tests, is not shown czctl's internals.
/// </summary>
internal static class CzctlInProcess
{
    /// <param name="variables">All its environment variables.</param>
    /// <param name="home">The person's own directory.</param>
    /// <param name="deadline">Longer than the command takes, so that a test ends even so.</param>
    /// <exception cref="TimeoutException">It did not end in time; the message has what it said.</exception>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> variables, string home, string input, TimeSpan deadline)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var surroundings = new Surroundings(new StringReader(input), TextWriter.Synchronized(output), TextWriter.Synchronized(error), variables) { UserProfile = home };
        using var limit = new CancellationTokenSource(deadline);
        // Away from the tests' own scheduler, as a program knows none.
        var exitCode = await Task.Run(() => CzctlApplication.RunAsync(arguments, surroundings, limit.Token));
        return limit.IsCancellationRequested
            ? throw new TimeoutException($"czctl {string.Join(' ', arguments)} did not end in time: exit {exitCode}\n{output}\n{error}")
            : (exitCode, output.ToString(), error.ToString());
    }
}
