using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Kubernetes;

namespace CodeZero.Cli.Tests;

/// <summary>What a run takes from outside is its own: nothing comes from the process, or from another run in it.</summary>
public sealed class SurroundingsTests : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("czctl-test-");

    [Fact]
    public async Task Runs_at_once_in_one_process_know_nothing_of_each_other()
    {
        var runs = await Task.WhenAll(Enumerable.Range(0, 200).Select(number => Task.Run(() => (number % 5) switch
        {
            0 => RunAsync(new() { ["CZCTL_HUB"] = $"number-{number}" }, "clusters", "list"),
            1 => RunAsync(new() { ["CZCTL_HUB"] = "another" }, "clusters", "list", "--hub", $"number-{number}"),
            2 => RunAsync([], "app", "list", $"number-{number}"),
            3 => RunAsync([], "keys", "show", $"/no/such/number-{number}", "--json"),
            _ => RunAsync([], "app", "publish", "--help"),
        })));

        foreach (var (number, run) in runs.Index())
        {
            var (exitCode, words) = (number % 5) switch { 3 => (ExitCode.NotFound, run.Error), 4 => (ExitCode.Ok, run.Out), _ => (ExitCode.Usage, run.Error) };
            Assert.True(run.ExitCode == exitCode, run.ToString());
            Assert.Matches(number % 5 == 4 ? "publish" : $@"\bnumber-{number}\b", words);
            Assert.Equal("", number % 5 == 4 ? run.Error : run.Out);
        }
    }

    [Fact]
    public async Task Programs_get_the_variables_of_the_run_and_no_others()
    {
        var surroundings = New(new StringWriter(), new() { ["KUBECTL"] = "/usr/bin/env", ["KUBECONFIG"] = "/of/this/run", ["EMPTY"] = "" });

        var printed = await Kubectl.Find(surroundings, null, null).RunAsync([], null, default);

        Assert.Equal(["EMPTY=", "KUBECONFIG=/of/this/run", "KUBECTL=/usr/bin/env"], printed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Ctrl_C_is_for_the_run_that_is_all_its_process_does()
    {
        Assert.Null(new RunConfiguration(New(TextWriter.Null, [])).ProcessTerminationTimeout);
        Assert.NotNull(new RunConfiguration(new(TextReader.Null, TextWriter.Null, TextWriter.Null, new Dictionary<string, string>()) { HeedsSignals = true }).ProcessTerminationTimeout);
    }

    [Theory]
    [InlineData(true, null, "xterm", true)]
    [InlineData(true, "", "xterm", true)]
    [InlineData(true, "1", "xterm", false)]
    [InlineData(true, null, "dumb", false)]
    [InlineData(true, null, null, true)]
    [InlineData(false, null, "xterm", false)]
    public void Colour_is_for_terminals_that_have_it_and_people_who_want_it(bool isTerminal, string? noColor, string? term, bool expected)
    {
        var variables = new Dictionary<string, string?> { ["NO_COLOR"] = noColor, ["TERM"] = term }.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!);
        var surroundings = new Surroundings(TextReader.Null, TextWriter.Null, TextWriter.Null, variables) { OutputIsTerminal = isTerminal };

        Assert.Equal(expected, surroundings.Colour);
        Assert.Equal(expected ? "\u001b[32mfine\u001b[0m" : "fine", new Terminal(surroundings, OutputForm.Text).Paint(Ink.Good, "fine"));
    }

    [Fact]
    public async Task A_passphrase_is_typed_unseen_and_can_be_corrected()
    {
        var key = Path.Combine(_home.FullName, "key.pem");

        var differing = await TypeAsync("one\rother\r", "keys", "create", Path.Combine(_home.FullName, "other.pem"), "--passphrase");
        var created = await TypeAsync("opem\bn sesame\ropen sesame\r", "keys", "create", key, "--passphrase");
        var shown = await TypeAsync("open sesame\r", "keys", "show", key);
        var wrong = await TypeAsync("opem sesame\r", "keys", "show", key);

        Assert.Equal((1, 0, 0, 1), (differing.ExitCode, created.ExitCode, shown.ExitCode, wrong.ExitCode));
        Assert.Equal((created.Out, "Passphrase: \nOnce more: \n", $"Passphrase of {key}: \n"), (shown.Out, created.Error, shown.Error));
        Assert.Contains("differ", differing.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("y", true)]
    [InlineData(" Yes ", true)]
    [InlineData("n", false)]
    [InlineData("", false)]
    public void Only_a_yes_confirms(string answer, bool confirms)
    {
        var error = new StringWriter();
        var terminal = new Terminal(New(error, [], input: answer), OutputForm.Text);

        var refusal = Record.Exception(() => terminal.Confirm("Sure?", "Add --yes."));

        Assert.Equal((confirms, "Sure? [y/N] "), (refusal is null, error.ToString()));
        Assert.Equal(confirms ? null : "confirmation.declined", (refusal as CommandError)?.Code);
    }

    [Fact]
    public async Task Who_waits_at_a_terminal_sees_that_something_goes_on_and_nothing_of_it_afterwards()
    {
        var error = new StringWriter();
        var work = new TaskCompletionSource<int>();
        var waiting = new Terminal(New(error, []), OutputForm.Text).WaitAsync("Working", work.Task);
        await Testing.Eventually.HoldsAsync(() => error.ToString().Contains("Working …", StringComparison.Ordinal));

        work.SetResult(7);

        Assert.Equal(7, await waiting);
        Assert.StartsWith("\r| Working …\u001b[K", error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("\r\u001b[K", error.ToString(), StringComparison.Ordinal);
    }

    private async Task<Run> RunAsync(Dictionary<string, string> variables, params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var exitCode = await CzctlApplication.RunAsync(arguments, new(TextReader.Null, output, error, variables) { UserProfile = _home.FullName });
        return new(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs it for somebody at a terminal who types this.</summary>
    private async Task<Run> TypeAsync(string typed, params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var keys = new Queue<char>(typed);
        var surroundings = new Surroundings(TextReader.Null, output, error, new Dictionary<string, string>())
        {
            InputIsTerminal = true,
            ErrorIsTerminal = true,
            UserProfile = _home.FullName,
            ReadKey = () => Key(keys.Dequeue()),
        };
        var exitCode = await CzctlApplication.RunAsync(arguments, surroundings);
        return new(exitCode, output.ToString(), error.ToString());
    }

    private static ConsoleKeyInfo Key(char typed) =>
        new(typed, typed switch { '\r' => ConsoleKey.Enter, '\b' => ConsoleKey.Backspace, _ => ConsoleKey.None }, shift: false, alt: false, control: false);

    /// <summary>A terminal, with these variables alone.</summary>
    private Surroundings New(TextWriter error, Dictionary<string, string> variables, string input = "") =>
        new(new StringReader(input), TextWriter.Null, TextWriter.Synchronized(error), variables) { InputIsTerminal = true, ErrorIsTerminal = true, UserProfile = _home.FullName };

    public void Dispose() => _home.Delete(recursive: true);
}
