using System.Globalization;
using CodeZero.AppManifest.Expressions;
using CodeZero.AppManifest.Reading;

namespace CodeZero.AppManifest;

/// <summary>Why an answer is not taken. The answer itself is never repeated, since it may be a secret.</summary>
/// <param name="Code"><c>answers.required</c>, <c>answers.invalid</c> or <c>answers.unknown</c>.</param>
public sealed record AnswerError(string Prompt, string Code, string Message);

/// <summary>What the answers to a flow come to. With <see cref="Errors"/>, nothing is to be installed.</summary>
/// <param name="Configs">Environment variables.</param>
/// <param name="Secrets">Environment variables for the Secret, every password among them.</param>
/// <param name="Transient">Answers that are not stored.</param>
public sealed record FlowAnswers(
    IReadOnlyDictionary<string, ConfigValue> Configs,
    IReadOnlyDictionary<string, ConfigValue> Secrets,
    IReadOnlyDictionary<string, string> Transient,
    IReadOnlyList<AnswerError> Errors)
{
    private const int LongestAnswer = 100_000;

    /// <summary>
    /// Takes the answers through the flow as asking would. An answer is text: a choice's value, <c>true</c> or <c>false</c>, a decimal number, checkbox values joined by commas.
    /// No answer means the default, else a generated value, else none: an optional variable is then left out. An empty answer means none, without the default.
    /// Conditions that fail count against the answer: the prompt is asked, the step not skipped, the value not valid.
    /// </summary>
    public static FlowAnswers Resolve(Flow flow, IReadOnlyDictionary<string, string> answers)
    {
        var configs = new SortedDictionary<string, ConfigValue>(StringComparer.Ordinal);
        var secrets = new SortedDictionary<string, ConfigValue>(StringComparer.Ordinal);
        var transient = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var errors = new List<AnswerError>();
        var seen = new Dictionary<string, AnswerValue>(StringComparer.Ordinal);
        foreach (var step in flow.Steps)
        {
            if (step.Skip?.Holds(seen) is true)
                continue;
            foreach (var prompt in step.Sections.SelectMany(s => s.Prompts))
                if (prompt.When is null || prompt.When.Holds(seen) is not false)
                    Take(prompt);
        }
        var names = flow.Prompts.Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var unknown in answers.Keys.Where(a => !names.Contains(a)).Order(StringComparer.Ordinal))
            errors.Add(new(unknown, "answers.unknown", $"Nothing called \"{Shown.Text(unknown)}\" is asked." + Nearest.Question(Nearest.To(unknown, names))));
        return new(configs, secrets, transient, errors);

        void Take(Prompt prompt)
        {
            var text = answers.GetValueOrDefault(prompt.Name) ?? DefaultAnswer(prompt);
            if (string.IsNullOrEmpty(text))
            {
                if (prompt.Generate is not null && !answers.ContainsKey(prompt.Name))
                    Store(prompt, new ConfigValue.Generated(prompt.Generate));
                else if (prompt.Required)
                    errors.Add(new(prompt.Name, "answers.required", $"{prompt.Name} must be answered: {Shown.Text(prompt.Label ?? prompt.Message)}."));
                return;
            }
            if (Normalised(prompt, text) is not ({ } answer, null))
            {
                errors.Add(new(prompt.Name, "answers.invalid", $"{prompt.Name}: {prompt.ErrorMessage ?? Normalised(prompt, text).Problem}"));
                return;
            }
            var value = Typed(prompt, answer);
            if (prompt.Validate?.Validate(value, seen) is { IsValid: false } invalid)
            {
                errors.Add(new(prompt.Name, "answers.invalid", $"{prompt.Name}: {invalid.Message ?? prompt.ErrorMessage ?? "The answer is not valid."}"));
                return;
            }
            seen[prompt.Name] = value;
            Store(prompt, new ConfigValue.Literal(answer));
        }

        void Store(Prompt prompt, ConfigValue value)
        {
            if (prompt.Target == PromptTarget.Secrets)
                secrets[prompt.Name] = value;
            else if (prompt.Target == PromptTarget.Configs)
                configs[prompt.Name] = value;
            else if (value is ConfigValue.Literal literal)
                transient[prompt.Name] = literal.Text;
        }
    }

    /// <summary>What is wrong with an answer by itself, conditions aside; nothing when it is right.</summary>
    internal static string? Problem(Prompt prompt, string answer) => Normalised(prompt, answer).Problem;

    private static string? DefaultAnswer(Prompt prompt)
    {
        if (!prompt.HasChoices)
            return prompt.Default;
        var chosen = prompt.DefaultIndexes.Select(i => prompt.Choices[i]);
        if (prompt.Type == PromptType.Checkbox)
            chosen = chosen.Concat(prompt.Choices.Where(c => c is { IsChecked: true, IsSelectable: true })).Distinct();
        return string.Join(',', chosen.Select(c => c.Value));
    }

    private static AnswerValue Typed(Prompt prompt, string answer) => prompt.Type switch
    {
        PromptType.Confirm => AnswerValue.Of(answer == "true"),
        PromptType.Number => AnswerValue.Of(double.Parse(answer, CultureInfo.InvariantCulture)),
        PromptType.Checkbox => AnswerValue.Of(answer.Split(',')),
        _ => AnswerValue.Of(answer),
    };

    private static (string? Answer, string? Problem) Normalised(Prompt prompt, string text)
    {
        var longest = prompt.MaxLength ?? LongestAnswer;
        if (text.Length > longest)
            return (null, string.Create(CultureInfo.InvariantCulture, $"the answer has {text.Length} characters; at most {longest} are allowed."));
        if (text.Contains('\0', StringComparison.Ordinal))
            return (null, "the answer contains a NUL character.");
        return prompt.Type switch
        {
            PromptType.Confirm => text.ToLowerInvariant() is "true" or "false" ? (text.ToLowerInvariant(), null) : (null, "the answer must be true or false."),
            PromptType.Number => NumberAnswer(prompt, text),
            PromptType.List or PromptType.RawList or PromptType.Expand => Chosen(prompt, text) is { } value ? (value, null) : (null, "the answer is none of the choices."),
            PromptType.Checkbox => CheckedAnswer(prompt, text),
            _ => (text, null),
        };
    }

    private static (string?, string?) NumberAnswer(Prompt prompt, string text)
    {
        if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return (null, "the answer must be a number.");
        if (number < prompt.Min)
            return (null, string.Create(CultureInfo.InvariantCulture, $"the number must be at least {prompt.Min}."));
        if (number > prompt.Max)
            return (null, string.Create(CultureInfo.InvariantCulture, $"the number must be at most {prompt.Max}."));
        if (prompt.Step is > 0 and { } step && (number - (prompt.Min ?? 0)) % step != 0)
            return (null, string.Create(CultureInfo.InvariantCulture, $"the number must be a multiple of {step} from {prompt.Min ?? 0}."));
        return (number.ToString(CultureInfo.InvariantCulture), null);
    }

    private static (string?, string?) CheckedAnswer(Prompt prompt, string text)
    {
        var chosen = text.Split(',').Select(part => Chosen(prompt, part)).ToList();
        return chosen.Contains(null) ? (null, "the answer has something that is none of the choices.") : (string.Join(',', chosen.Distinct()), null);
    }

    private static string? Chosen(Prompt prompt, string text) =>
        (prompt.Choices.FirstOrDefault(c => c.IsSelectable && c.Value == text)
            ?? prompt.Choices.FirstOrDefault(c => c.IsSelectable && (c.Text == text || (c.Key is not null && c.Key == text))))?.Value;
}
