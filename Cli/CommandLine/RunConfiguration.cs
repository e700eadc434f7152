using System.CommandLine;

namespace CodeZero.Cli.CommandLine;

/// <summary>How a parsed command line is run, by which its surroundings come to the command.</summary>
internal sealed class RunConfiguration : InvocationConfiguration
{
    public RunConfiguration(Surroundings surroundings)
    {
        Surroundings = surroundings;
        (Output, Error) = (surroundings.Output, surroundings.Error);
        EnableDefaultExceptionHandler = false;
        if (!surroundings.HeedsSignals)
            ProcessTerminationTimeout = null;
    }

    public Surroundings Surroundings { get; }

    public static RunConfiguration Of(ParseResult parsed) => (RunConfiguration)parsed.InvocationConfiguration;
}
