using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CodeZero.Cli.CommandLine;

/// <summary>How much of the output is wanted, and by whom.</summary>
internal enum OutputForm
{
    /// <summary>For people.</summary>
    Text,

    /// <summary>One JSON document on standard output.</summary>
    Json,

    /// <summary>Nothing but errors.</summary>
    Quiet,
}

/// <summary>
/// Where a command speaks: results on standard output, everything about the work on standard error. Movement only on a terminal, and colour only
/// where <see cref="Surroundings.Colour"/> allows it.
/// </summary>
internal sealed class Terminal(Surroundings surroundings, OutputForm form)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private static readonly SearchValues<char> Turning = SearchValues.Create("\u061C\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069");

    private static readonly JsonSerializerOptions JsonLine = new(Json) { WriteIndented = false };
    private readonly TextWriter _output = surroundings.Output, _error = surroundings.Error;

    public OutputForm Form => form;

    /// <summary>Whether somebody can be asked.</summary>
    public bool IsInteractive => surroundings.InputIsTerminal && surroundings.ErrorIsTerminal && form != OutputForm.Json;

    /// <summary>A command's result: the document for programs, or the text for people.</summary>
    public void Result<T>(T document, Action<TextWriter> text)
    {
        if (form == OutputForm.Json)
            Document(document);
        else if (form == OutputForm.Text)
            text(_output);
    }

    /// <summary>A document that another program waits for, however the command was called.</summary>
    public void Document<T>(T document) => Print(JsonSerializer.Serialize(document, Json));

    /// <summary>A text that another program waits for, however the command was called.</summary>
    public void Print(string text) => _output.WriteLine(text);

    /// <summary>Something worth knowing that is no result.</summary>
    public void Note(string text)
    {
        if (form == OutputForm.Text)
            _error.WriteLine(Printable(text));
    }

    /// <summary>What somebody has to read before the command can go on: on standard error whatever the form, with --json as a document of one line.</summary>
    public void Show<T>(T document, string text) => _error.WriteLine(form == OutputForm.Json ? JsonSerializer.Serialize(document, JsonLine) : Printable(text));

    /// <summary>Something that should not be overlooked; with --json too, on standard error.</summary>
    public void Warn(string text)
    {
        if (form != OutputForm.Quiet)
            _error.WriteLine("warning: " + Printable(text));
    }

    /// <summary>Why the command failed.</summary>
    public void Fail(FailureDocument failure)
    {
        if (form == OutputForm.Json)
        {
            _error.WriteLine(JsonSerializer.Serialize(new { error = failure }, Json));
            return;
        }
        _error.WriteLine(Printable($"czctl: {failure.Message}"));
        foreach (var (field, problems) in failure.Fields ?? new Dictionary<string, IReadOnlyList<string>>())
            _error.WriteLine(Printable($"  {field}: {string.Join(' ', problems)}"));
        foreach (var diagnostic in failure.Diagnostics ?? [])
            _error.WriteLine(Printable($"  {diagnostic}"));
        if (failure.Remedy is { } remedy)
            _error.WriteLine(Printable(remedy));
        if (failure.TraceId is { } trace)
            _error.WriteLine(Printable($"(trace {trace})"));
    }

    /// <summary>Waits, and says for what when it takes more than a second.</summary>
    public async Task<T> WaitAsync<T>(string activity, Task<T> work)
    {
        if (form == OutputForm.Quiet || await Task.WhenAny(work, Task.Delay(Patience)) == work)
            return await work;
        if (!surroundings.ErrorIsTerminal)
        {
            Note(activity + " …");
            return await work;
        }
        for (var frame = 0; !work.IsCompleted; frame++)
        {
            await _error.WriteAsync($"\r{"|/-\\"[frame % 4]} {Printable(activity)} …\u001b[K");
            await Task.WhenAny(work, Task.Delay(TimeSpan.FromMilliseconds(150)));
        }
        await _error.WriteAsync("\r\u001b[K");
        return await work;
    }

    /// <summary>All of standard input, whoever writes it.</summary>
    public Task<string> ReadInputAsync(CancellationToken ct) => surroundings.Input.ReadToEndAsync(ct);

    /// <summary>Asks for a yes; anything else is a no.</summary>
    /// <param name="otherwise">What to give instead where nobody can be asked.</param>
    /// <exception cref="CommandError">Nobody can be asked, or the answer was no.</exception>
    public void Confirm(string question, string otherwise)
    {
        if (!IsInteractive)
            throw CommandError.Refused("confirmation.needed", "This needs a confirmation, and there is no terminal to ask on.", otherwise);
        _error.Write($"{Printable(question)} [y/N] ");
        if (surroundings.Input.ReadLine()?.Trim().ToLowerInvariant() is not ("y" or "yes"))
            throw CommandError.Refused("confirmation.declined", "Nothing was done.");
    }

    /// <summary>Asks for a line; <paramref name="secret"/> ones are not shown.</summary>
    /// <exception cref="CommandError">Nobody can be asked.</exception>
    public string Ask(string question, string otherwise, bool secret = false)
    {
        if (!IsInteractive)
            throw CommandError.Refused("answer.needed", $"{question}: an answer is needed, and there is no terminal to ask on.", otherwise);
        _error.Write(Printable(question) + ": ");
        if (!secret)
            return surroundings.Input.ReadLine() ?? "";
        var typed = new StringBuilder();
        for (var key = surroundings.ReadKey(); key.Key != ConsoleKey.Enter; key = surroundings.ReadKey())
            if (key.Key == ConsoleKey.Backspace && typed.Length > 0)
                typed.Length--;
            else if (!char.IsControl(key.KeyChar))
                typed.Append(key.KeyChar);
        _error.WriteLine();
        return typed.ToString();
    }

    /// <summary>The text in a colour, where there is colour.</summary>
    public string Paint(Ink ink, string text) => surroundings.Colour ? $"\u001b[{(int)ink}m{text}\u001b[0m" : text;

    /// <summary>
    /// Text that came from elsewhere, fit for a terminal: control characters (which could move the cursor, recolour or retitle) are shown, not obeyed, and so are those that
    /// turn the direction of writing (UAX #9 §2), by which a line could read otherwise than it runs.
    /// </summary>
    public static string Printable(string? text) =>
        text is null ? "" : string.Concat(text.Select(c => c is '\n' or '\t' || !(char.IsControl(c) || Turning.Contains(c)) ? c : '\uFFFD'));
}

/// <summary>Colours by their meaning; the values are ECMA-48 SGR parameters.</summary>
internal enum Ink
{
    Good = 32,
    Waiting = 33,
    Bad = 31,
    Faint = 2,
}

/// <summary>A failure as --json shows it on standard error.</summary>
/// <param name="Code">The Hub's code, or czctl's own.</param>
/// <param name="ExitCode">What the process ends with.</param>
internal sealed record FailureDocument(string Code, string Message, string? Remedy, int ExitCode)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? RetryAfterSeconds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Fields { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Diagnostics { get; init; }
}
