using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.AppManifest.Expressions;

namespace CodeZero.AppManifest.Reading;

/// <summary>Reads <c>flow</c>: steps, sections and prompts, each of them alone or in a list.</summary>
/// <param name="isName">What a prompt may be called, which depends on the provisioner.</param>
internal sealed class FlowReader(ReadContext context, Func<string, bool> isName)
{
    private const int MostSteps = 50;
    private const int MostPrompts = 200;
    private readonly HashSet<string> _stepNames = new(StringComparer.Ordinal);
    private readonly HashSet<string> _promptNames = new(StringComparer.Ordinal);

    public static Flow Read(MappingReader provisioner, Func<string, bool> isName)
    {
        const string key = "flow";
        var steps = new List<FlowStep>();
        var json = new JsonArray();
        var reader = new FlowReader(provisioner.Context, isName);
        foreach (var (node, path) in provisioner.Items(key, most: MostSteps))
        {
            if (MappingReader.From(node, path, provisioner.Context) is not { } step)
                continue;
            steps.Add(reader.Step(step));
            json.Add((JsonNode)step.Json);
        }
        if (json.Count > 0)
            provisioner.Json[key] = json;
        return steps.Count == 0 ? Flow.Empty : new(steps);
    }

    public static Expression? Condition(MappingReader reader, string key)
    {
        if (reader.Text(key, longest: 100_000) is not { } source)
            return null;
        if (Expression.TryParse(source, out var expression, out var error))
            return expression;
        reader.Error("manifest.expression", $"`{key}` is not understood. {error}", key);
        return null;
    }

    private FlowStep Step(MappingReader reader)
    {
        var name = reader.Text("name", longest: 200) ?? "main";
        if (!_stepNames.Add(name))
            reader.Error("manifest.duplicate", $"Two steps are called \"{Shown.Text(name)}\". Give each its own name.", "name");
        var skip = Condition(reader, "skip");
        var hasPrompts = reader.Take("prompts") is not null;
        var hasSections = reader.Take("sections") is not null;
        if (hasPrompts == hasSections)
            reader.Context.Error("manifest.flow", hasPrompts ? "A step has `prompts` or `sections`, not both." : "A step needs `prompts` or `sections`.", reader.Node.Mark, reader.Path);
        var sections = hasSections ? Sections(reader) : [new FlowSection(null, Prompts(reader))];
        reader.Complete(UnknownKeys.Refuse);
        return new(name, skip, sections);
    }

    private List<FlowSection> Sections(MappingReader step)
    {
        var sections = new List<FlowSection>();
        var json = new JsonArray();
        foreach (var (node, path) in step.Items("sections", most: MostSteps))
        {
            if (MappingReader.From(node, path, context) is not { } reader)
                continue;
            var title = reader.Text("title", longest: 200);
            if (reader.Take("prompts") is null)
                reader.Error("manifest.required", "A section needs `prompts`.", "prompts");
            sections.Add(new(title, Prompts(reader)));
            reader.Complete(UnknownKeys.Refuse);
            json.Add((JsonNode)reader.Json);
        }
        step.Json["sections"] = json;
        return sections;
    }

    private List<Prompt> Prompts(MappingReader parent)
    {
        var prompts = new List<Prompt>();
        var json = new JsonArray();
        foreach (var (node, path) in parent.Items("prompts", most: MostPrompts))
        {
            if (MappingReader.From(node, path, context) is not { } reader || new PromptReader(reader, isName).Read() is not { } prompt)
                continue;
            if (!_promptNames.Add(prompt.Name))
                reader.Error("manifest.duplicate", string.Create(CultureInfo.InvariantCulture, $"Two prompts are called \"{Shown.Text(prompt.Name)}\"."), "name");
            prompts.Add(prompt);
            json.Add((JsonNode)reader.Json);
        }
        if (json.Count > 0)
            parent.Json["prompts"] = json;
        return prompts;
    }
}
