using System.CommandLine;
using System.Text.Json;
using CodeZero.AppManifest;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Commands;

/// <summary>
/// The answers to an edition's questions, from the command line, files and the person. A secret is taken from a file, from standard input or typed unseen,
/// never from the command line, where other users and the shell's history could read it.
/// </summary>
internal static class Answers
{
    public static readonly Option<string[]> Set = new("--set") { Description = "The answer to a question that is no secret. May be repeated.", HelpName = "NAME=VALUE" };
    public static readonly Option<string[]> SetFile = new("--set-file") { Description = "The answer is this file's content without its last line break; - is standard input. May be repeated.", HelpName = "NAME=FILE" };
    public static readonly Option<string?> File = new("--answers") { Description = "A JSON object of answers by name; - is standard input.", HelpName = "FILE" };

    /// <summary>Collects and judges the answers; asks for those that are missing, where somebody is there to ask.</summary>
    /// <returns>The answers given; what was not answered takes its default in the cluster.</returns>
    /// <exception cref="CommandError">An answer is missing, wrong, unknown, or a secret on the command line.</exception>
    public static async Task<IReadOnlyDictionary<string, string>> GatherAsync(CommandContext context, Flow flow, CancellationToken ct)
    {
        var answers = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (context.Get(File) is { } file)
            foreach (var (name, value) in ParseObject(await ReadAsync(context, file, ct), file))
                answers[name] = value;
        foreach (var (name, source) in Pairs(context.Get(SetFile), "--set-file"))
            answers[name] = WithoutLastLineBreak(await ReadAsync(context, source, ct));
        var secrets = flow.Prompts.Where(IsSecret).Select(prompt => prompt.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, value) in Pairs(context.Get(Set), "--set"))
            answers[name] = secrets.Contains(name)
                ? throw CommandError.Usage($"{name} is a secret, and a command line can be read by others.", $"Put it into a file and give --set-file {name}=FILE (or {name}=- for standard input).")
                : value;
        if (context.Terminal.IsInteractive)
            Ask(context.Terminal, flow, answers);
        var errors = FlowAnswers.Resolve(flow, answers).Errors;
        return errors.Count == 0 ? answers : throw CommandError.Refused(errors[0].Code,
            "These answers cannot be taken:\n" + string.Join('\n', errors.Select(error => "  " + error.Message)),
            "Give them with --set NAME=VALUE, --set-file NAME=FILE (secrets) or --answers FILE.");
    }

    /// <summary>Whether the command line brings any answers.</summary>
    public static bool AreGiven(CommandContext context) =>
        context.Get(File) is not null || context.Get(Set) is { Length: > 0 } || context.Get(SetFile) is { Length: > 0 };

    /// <summary>Sees that answers which stay, and which nobody can read here, are enough for another flow.</summary>
    /// <param name="answered">The flow that was answered; null when it is not known.</param>
    /// <exception cref="CommandError">The flow asks something that the other did not.</exception>
    public static void RequireNoMore(Flow flow, Flow? answered)
    {
        var known = answered?.Prompts.Select(prompt => prompt.Name).ToHashSet(StringComparer.Ordinal);
        var missing = FlowAnswers.Resolve(flow, new Dictionary<string, string>()).Errors.Where(error => known?.Contains(error.Prompt) == false).ToList();
        if (missing.Count > 0)
            throw CommandError.Refused("answers.required", "It asks what was not asked before:\n" + string.Join('\n', missing.Select(error => "  " + error.Message)),
                "Give all answers anew, with --set NAME=VALUE, --set-file NAME=FILE (secrets) or --answers FILE: those that are there are sealed, and cannot be added to.");
    }

    private static bool IsSecret(Prompt prompt) => prompt.Type == PromptType.Password || prompt.Target == PromptTarget.Secrets;

    /// <summary>Asks what must be answered and is not: each answer may bring further questions.</summary>
    private static void Ask(Terminal terminal, Flow flow, SortedDictionary<string, string> answers)
    {
        for (var asked = new HashSet<string>(StringComparer.Ordinal); ;)
        {
            var missing = FlowAnswers.Resolve(flow, answers).Errors.FirstOrDefault(error => error.Code == "answers.required" && asked.Add(error.Prompt));
            if (missing is null || flow.Prompts.FirstOrDefault(prompt => prompt.Name == missing.Prompt) is not { } prompt)
                return;
            foreach (var choice in prompt.Choices.Take(50).Where(choice => choice.IsSelectable))
                terminal.Note($"  {choice.Value}{(choice.Text == choice.Value ? "" : $": {choice.Text}")}");
            answers[prompt.Name] = terminal.Ask($"{prompt.Message} ({prompt.Name})", "Give it with --set or --set-file.", IsSecret(prompt));
        }
    }

    private static IEnumerable<(string Name, string Value)> Pairs(string[]? written, string option)
    {
        foreach (var pair in written ?? [])
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
                throw CommandError.Usage($"{option} takes NAME=VALUE.", "Write the question's name, an equals sign, and the value.");
            yield return (pair[..at], pair[(at + 1)..]);
        }
    }

    private static Dictionary<string, string> ParseObject(string json, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document.RootElement.EnumerateObject().GroupBy(member => member.Name).ToDictionary(same => same.Key, same => Text(same.Last().Value, same.Key, file));
        }
        catch (JsonException e)
        {
            throw CommandError.Refused("answers.unreadable", $"{file} is no JSON: line {e.LineNumber + 1}.", """Write {"NAME": "answer", …}.""");
        }
        throw CommandError.Refused("answers.unreadable", $"{file} is no JSON object.", """Write {"NAME": "answer", …}.""");
    }

    private static string Text(JsonElement value, string name, string file) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Number => value.GetRawText(),
        _ => throw CommandError.Refused("answers.unreadable", $"{file}: {name} must be a text, a number, true or false."),
    };

    private static Task<string> ReadAsync(CommandContext context, string file, CancellationToken ct) =>
        file == "-" ? context.Terminal.ReadInputAsync(ct) : System.IO.File.ReadAllTextAsync(file, ct);

    private static string WithoutLastLineBreak(string text) =>
        text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;
}
