using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest.Reading;

/// <summary>Reads one prompt. Its extension block <c>c6o</c> is part of it.</summary>
internal sealed class PromptReader(MappingReader reader, Func<string, bool> isName)
{
    private const int MostChoices = 1_000;

    private static readonly Dictionary<string, PromptType> s_types = new(StringComparer.Ordinal)
    {
        ["input"] = PromptType.Input,
        ["number"] = PromptType.Number,
        ["password"] = PromptType.Password,
        ["confirm"] = PromptType.Confirm,
        ["list"] = PromptType.List,
        ["rawlist"] = PromptType.RawList,
        ["expand"] = PromptType.Expand,
        ["checkbox"] = PromptType.Checkbox,
        ["editor"] = PromptType.Editor,
    };

    private static readonly Dictionary<string, PromptTarget> s_targets = new(StringComparer.Ordinal)
    {
        ["configs"] = PromptTarget.Configs,
        ["secrets"] = PromptTarget.Secrets,
        ["transient"] = PromptTarget.Transient,
    };

    private static readonly Dictionary<string, int> s_dataSources = new(StringComparer.Ordinal) { ["timezone"] = 0 };
    private static readonly IReadOnlyList<PromptChoice> s_timeZones = [.. TimeZones.All.Select(zone => new PromptChoice(zone, zone))];

    public Prompt? Read()
    {
        var type = reader.Take("type") is null ? PromptType.Input : reader.OneOf("type", s_types);
        reader.Json["type"] ??= "input";
        var name = reader.Name("name", isName, "prompt name: it becomes an environment variable, so use letters, digits and '_', no digit first", required: true);
        var message = reader.Text("message", longest: 2_000);
        var validate = FlowReader.Condition(reader, "validate");
        var when = FlowReader.Condition(reader, "when");
        reader.Flag("askAnswered");
        reader.Text("mask", longest: 10);
        var choices = Choices();
        var extension = reader.Mapping("c6o") ?? new MappingReader(new YamlMapping([], reader.Node.Mark), reader.PathOf("c6o"), reader.Context);
        var isTimeZone = extension.OneOf("dataSource", s_dataSources) is not null;
        if (type is null || name is null)
        {
            _ = reader.Take("default");
            reader.Complete(UnknownKeys.Refuse);
            return null;
        }
        var prompt = Extended(extension, new Prompt
        {
            Type = type.Value,
            Name = name,
            Message = message ?? name,
            Validate = validate,
            When = when,
            Choices = isTimeZone ? [.. choices, .. s_timeZones] : choices,
            IsTimeZone = isTimeZone,
        });
        prompt = Defaulted(prompt);
        reader.Complete(UnknownKeys.Refuse);
        Check(prompt);
        return prompt;
    }

    private static Prompt Extended(MappingReader extension, Prompt prompt)
    {
        var target = Target(extension) ?? PromptTarget.Configs;
        var extended = prompt with
        {
            Label = extension.Text("label", longest: 200),
            Required = extension.Flag("required") ?? false,
            ErrorMessage = extension.Text("errorMessage", longest: 500),
            Target = prompt.Type == PromptType.Password ? PromptTarget.Secrets : target,
            Generate = extension.Take("generate") is null ? null : GenerateOptions.Read(extension, "generate"),
            GenerateMessage = extension.Text("generateMessage", longest: 500),
            Min = extension.Number("min"),
            Max = extension.Number("max"),
            Step = extension.Number("step"),
            MaxLength = extension.Integer("maxlength", 1, 100_000),
        };
        extension.Flag("hasControls");
        extension.Keep("value");
        extension.Complete(UnknownKeys.Refuse);
        return extended;
    }

    private static PromptTarget? Target(MappingReader extension)
    {
        const string key = "target";
        if (extension.Node[key] is not YamlScalar { Text: "secret" or "config" } written)
            return extension.OneOf(key, s_targets);
        _ = extension.Take(key);
        var word = written.Text + "s";
        extension.Warning("manifest.old_name", $"`target: {written.Text}` is read as `{word}`: write `{word}`.", key);
        extension.Json[key] = word;
        return s_targets[word];
    }

    private List<PromptChoice> Choices()
    {
        const string key = "choices";
        var choices = new List<PromptChoice>();
        var json = new JsonArray();
        foreach (var (node, path) in reader.Items(key, most: MostChoices))
        {
            if (node is YamlMapping mapping)
            {
                var item = new MappingReader(mapping, path, reader.Context);
                if (Choice(item) is not { } choice)
                    continue;
                choices.Add(choice);
                json.Add((JsonNode)item.Json);
            }
            else if (MappingReader.ScalarText(node, path, reader.Context, longest: 1_000) is { } text)
            {
                choices.Add(text == PromptChoice.Separator ? new(text, "", IsSeparator: true) : new(text, text));
                json.Add((JsonNode)text);
            }
        }
        if (json.Count > 0)
            reader.Json[key] = json;
        return choices;
    }

    private static PromptChoice? Choice(MappingReader item)
    {
        var name = item.Text("name", required: true, longest: 1_000);
        var value = item.Text("value", longest: 1_000);
        var letter = item.Name("key", text => text.Length == 1 && char.IsAsciiLetterOrDigit(text[0]), "key: one letter or digit");
        // Inquirer takes a reason in place of true.
        var disabled = item.Node["disabled"] is YamlScalar { Kind: YamlKind.Text } ? item.Text("disabled", longest: 200) is not null : item.Flag("disabled") ?? false;
        var isChecked = item.Flag("checked") ?? false;
        item.Complete(UnknownKeys.Refuse);
        return name is null ? null : new(name, value ?? name, letter, disabled, isChecked);
    }

    private Prompt Defaulted(Prompt prompt)
    {
        const string key = "default";
        if (reader.Take(key) is not { } node)
            return prompt;
        if (prompt.Type == PromptType.Confirm)
            return prompt with { Default = reader.Flag(key) switch { true => "true", false => "false", _ => null } };
        if (prompt.Type == PromptType.Number)
            return prompt with { Default = reader.Number(key) is { } number ? number.ToString(CultureInfo.InvariantCulture) : null };
        if (!prompt.HasChoices)
            return prompt with { Default = reader.Text(key, longest: 100_000) };
        var items = prompt.Type == PromptType.Checkbox && node is YamlSequence list ? list.Items : [node];
        var indexes = new List<int>();
        foreach (var item in items)
        {
            if (MappingReader.IntegerOf(item, 0, Math.Max(0, prompt.Choices.Count - 1), reader.PathOf(key), reader.Context) is not { } index || index >= prompt.Choices.Count)
                continue;
            if (!prompt.Choices[index].IsSelectable)
                reader.Error("manifest.flow", $"The default {index} points at a separator or a disabled choice. Indexes count from 0, separators included.", key);
            indexes.Add(index);
        }
        reader.Json[key] = node is YamlSequence ? new JsonArray([.. indexes.Select(i => (JsonNode)i)]) : indexes.Count == 1 ? indexes[0] : null;
        return prompt with { DefaultIndexes = indexes };
    }

    private void Check(Prompt prompt)
    {
        if (prompt.HasChoices && !prompt.Choices.Any(c => c.IsSelectable))
            reader.Error("manifest.flow", "A prompt of this type needs `choices`, or c6o.dataSource: timezone.", "choices");
        if (!prompt.HasChoices && prompt.Choices.Count > 0)
            reader.Warning("manifest.ignored", "`choices` are not used by a prompt of this type.", "choices");
        if (prompt.Type == PromptType.Checkbox && prompt.Choices.Any(c => c.Value.Contains(',', StringComparison.Ordinal)))
            reader.Error("manifest.flow", "The answer of a checkbox is its choices joined by commas, so no value may contain one.", "choices");
        foreach (var twice in prompt.Choices.Where(c => c.IsSelectable).GroupBy(c => c.Value, StringComparer.Ordinal).Where(g => g.Count() > 1).Take(1))
            reader.Warning("manifest.duplicate", $"Two choices have the value \"{Shown.Text(twice.Key)}\".", "choices");
        if (prompt is { Type: PromptType.Password, Default: not null } && !reader.Context.FromCanonical)
            reader.Warning("manifest.literal_secret", "A default password is the same for everybody. Remove it, or let one be generated.", "default");
        if (prompt.Min > prompt.Max)
            reader.Error("manifest.flow", "`min` is more than `max`.", "c6o");
        if (prompt.Step <= 0)
            reader.Error("manifest.flow", "`step` must be more than 0.", "c6o");
        if (prompt.Generate is not null && prompt.Target == PromptTarget.Transient)
            reader.Error("manifest.flow", "A transient answer is not stored, so it cannot be generated.", "c6o");
        if (prompt.Default is not null && FlowAnswers.Problem(prompt, prompt.Default) is { } problem)
            reader.Error("manifest.flow", $"The default is no valid answer: {problem}", "default");
    }
}
