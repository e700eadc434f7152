using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace CodeZero.Cli.CommandLine;

/// <summary>A command with its examples, shown by --help.</summary>
internal sealed class CzCommand : Command
{
    /// <param name="run">What it does; its failures are exceptions, which <see cref="Failures"/> knows.</param>
    public CzCommand(string name, string description, IReadOnlyList<string> examples, Func<CommandContext, CancellationToken, Task<int>> run) : base(name, description)
    {
        Examples = examples;
        SetAction((parsed, ct) => RunAsync(parsed, run, ct));
    }

    public CzCommand(string name, string description, IReadOnlyList<string> examples, Func<CommandContext, CancellationToken, Task> run)
        : this(name, description, examples, async (context, ct) =>
        {
            await run(context, ct);
            return ExitCode.Ok;
        }) { }

    public IReadOnlyList<string> Examples { get; }

    public CzCommand With(params ReadOnlySpan<Symbol> symbols)
    {
        foreach (var symbol in symbols)
            switch (symbol)
            {
                case Argument argument: Add(argument); break;
                case Option option: Add(option); break;
                default: throw new ArgumentException($"{symbol.Name} is neither argument nor option.", nameof(symbols));
            }
        return this;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Func<CommandContext, CancellationToken, Task<int>> run, CancellationToken ct)
    {
        var surroundings = RunConfiguration.Of(parsed).Surroundings;
        var terminal = new Terminal(surroundings, GlobalOptions.FormOf(parsed));
        try
        {
            using var context = new CommandContext(parsed, surroundings, terminal);
            return await run(context, ct);
        }
        catch (Exception exception) when (Failures.Describe(exception, ct) is { } failure)
        {
            terminal.Fail(failure);
            return failure.ExitCode;
        }
        catch (Exception bug)
        {
            // The last of all handlers: whatever arrives here is a mistake in czctl itself.
            terminal.Fail(new("bug", $"This is a mistake in czctl, not yours: {bug}", "Please report it, with the text above and what you typed (without secrets).", ExitCode.Bug));
            return ExitCode.Bug;
        }
    }
}

/// <summary>The usual help, and the command's examples below it.</summary>
internal sealed class HelpWithExamples(SynchronousCommandLineAction usual) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        var result = usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is CzCommand { Examples.Count: > 0 } command)
        {
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in command.Examples)
                output.WriteLine("  " + example);
            output.WriteLine();
        }
        return result;
    }

    public override bool ClearsParseErrors => true;

    public static void Use(Command root)
    {
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((SynchronousCommandLineAction)help.Action!);
    }
}
