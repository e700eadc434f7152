using System.Collections;
using CodeZero.Cli.Tests;

namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>czctl as these tests run it: in their process, for a fraction of the time, but where the program that people start is what is tested.</summary>
internal static class Czctl
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <param name="environment">Set beside the tests' own; null takes a variable away.</param>
    /// <param name="home">The person's own directory.</param>
    public static async Task<Outcome> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> environment, string home, bool startsProcess)
    {
        if (startsProcess)
            return await Tool.RunAsync("dotnet", [BuiltOutput.Czctl, .. arguments], environment, Deadline);
        var (exitCode, output, error) = await CzctlInProcess.RunAsync(arguments, Variables(environment), home, input: "", Deadline);
        return new($"czctl {string.Join(' ', arguments)}", exitCode, output, error);
    }

    /// <summary>All variables that a process would have.</summary>
    private static Dictionary<string, string> Variables(IReadOnlyDictionary<string, string?> environment)
    {
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value);
        foreach (var (name, value) in environment)
            variables[name] = value;
        return variables.Where(variable => variable.Value is not null).ToDictionary(variable => variable.Key, variable => variable.Value!);
    }
}
