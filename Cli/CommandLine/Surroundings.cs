using System.Collections;
using System.Diagnostics;
using System.Text;

namespace CodeZero.Cli.CommandLine;

/// <summary>
/// All that a run of czctl takes from outside, besides its arguments, files and the network. Nothing else here reads the console or an environment variable, or starts
/// a program with other variables (<c>BannedSymbols.txt</c>), so that many runs at once in one process know nothing of each other. What .NET itself reads
/// belongs to the process: its working directory, proxy and time zone, and the PATH by which a program named without its directory is found.
/// </summary>
/// <param name="variables">The environment variables, which are copied.</param>
internal sealed class Surroundings(TextReader input, TextWriter output, TextWriter error, IReadOnlyDictionary<string, string> variables)
{
    private readonly Dictionary<string, string> _variables = new(variables, VariableNames);

    public TextReader Input => input;
    public TextWriter Output => output;
    public TextWriter Error => error;

    public bool InputIsTerminal { get; init; }
    public bool OutputIsTerminal { get; init; }
    public bool ErrorIsTerminal { get; init; }

    /// <summary>The next key that is pressed, without showing it. Asked only where <see cref="InputIsTerminal"/>.</summary>
    public Func<ConsoleKeyInfo> ReadKey { get; init; } = () => throw new InvalidOperationException("There is no keyboard.");

    /// <summary>The person's own directory; empty where there is none.</summary>
    public string UserProfile { get; init; } = "";

    /// <summary>Whether Ctrl-C and SIGTERM, which go to the whole process, are meant for this run.</summary>
    public bool HeedsSignals { get; init; }

    /// <summary>Whether results may be coloured: on a terminal that can, and never with NO_COLOR (https://no-color.org).</summary>
    public bool Colour => OutputIsTerminal && string.IsNullOrEmpty(Variable("NO_COLOR")) && Variable("TERM") != "dumb";

    private static StringComparer VariableNames => OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <summary>An environment variable's value, which may be empty; null where it is not set.</summary>
    public string? Variable(string name) => _variables.GetValueOrDefault(name);

#pragma warning disable RS0030 // What the rest of czctl is to use instead of these.

    /// <summary>A program with this run's variables, whose input, output and errors are this run's to give and take.</summary>
    public ProcessStartInfo Program(string program)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Clear();
        foreach (var (name, value) in _variables)
            start.Environment[name] = value;
        return start;
    }

    /// <summary>The process's own, for a run that is all the process does.</summary>
    public static Surroundings OfProcess()
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        var variables = new Dictionary<string, string>(VariableNames);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            variables[(string)variable.Key] = (string?)variable.Value ?? "";
        return new(Console.In, Console.Out, Console.Error, variables)
        {
            InputIsTerminal = !Console.IsInputRedirected,
            OutputIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            ReadKey = () => Console.ReadKey(intercept: true),
            UserProfile = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
            HeedsSignals = true,
        };
    }
}
