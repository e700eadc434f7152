using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest.Reading;

/// <summary>Reads the editions of an application, written in the manifest or in files of their own.</summary>
internal sealed class EditionsReader(ReadContext context, ManifestFiles? files, string? appId, string? rootPackage, HashSet<string> referenced)
{
    private const int MostEditions = 200;
    private const int MostFiles = 50;
    private const int LongestInterface = 53;

    private static readonly Dictionary<string, EditionStatus> s_statuses = new(StringComparer.Ordinal)
    {
        ["public"] = EditionStatus.Public,
        ["private"] = EditionStatus.Private,
        ["deprecated"] = EditionStatus.Deprecated,
    };

    public IReadOnlyList<Edition> Read(MappingReader root)
    {
        var editions = new List<Edition>();
        var json = new JsonArray();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (item, path) in root.Items("editions", most: MostEditions))
        {
            if (Mapping(item, path) is not { } mapping || ReadOne(mapping, path) is not ({ } edition, { } normalised))
                continue;
            if (!names.Add(edition.Name))
                context.Error("manifest.duplicate", $"Two editions are called \"{edition.Name}\". Give each its own name.", mapping.Mark, path + ".name");
            editions.Add(edition);
            json.Add((JsonNode)normalised);
        }
        if (editions.Count == 0 && (root.Node["editions"] is not YamlSequence { Items.Count: > 0 }))
            root.Error("manifest.required", "`editions` must list at least one edition.", "editions");
        root.Json["editions"] = json;
        return editions;
    }

    private YamlMapping? Mapping(YamlNode item, string path)
    {
        if (item is YamlMapping mapping)
            return mapping;
        if (item is not YamlScalar { IsNull: false, Text: var reference } || files is null)
        {
            context.Error("manifest.type", $"An edition is a mapping or the name of its file, not {item.Describe()}.", item.Mark, path);
            return null;
        }
        if (referenced.Count >= MostFiles)
        {
            context.Error("manifest.too_many", string.Create(CultureInfo.InvariantCulture, $"At most {MostFiles} edition files are read."), item.Mark, path);
            return null;
        }
        var found = files.Find(reference);
        if (found.Outcome != FileOutcome.Found)
        {
            context.Error("manifest.missing_file", $"The edition file \"{Shown.Text(reference)}\" {found.Problem}.", item.Mark, path);
            return null;
        }
        var name = ManifestFiles.Relative(reference)!;
        if (!referenced.Add(name))
        {
            context.Error("manifest.duplicate", $"The edition file \"{Shown.Text(reference)}\" is listed twice. Keep one.", item.Mark, path);
            return null;
        }
        var yaml = YamlReader.Read(found.Content, name);
        context.AddRange(yaml.Diagnostics);
        if (yaml.Documents is [YamlMapping only])
            return only;
        if (!yaml.HasErrors)
            context.Error("manifest.type", "An edition file holds exactly one document, a mapping with name, status and spec.", new(name, 1, 1), path);
        return null;
    }

    private (Edition? Edition, JsonObject? Json) ReadOne(YamlMapping mapping, string path)
    {
        var reader = new MappingReader(mapping, path, context);
        var name = reader.Name("name", Formats.IsEditionName, "edition name: lower-case letters, digits, '-', '_' and '.', at most 63", required: true);
        var status = Status(reader);
        var interfaces = reader.Texts("interfaces", most: 20, longest: LongestInterface);
        foreach (var bad in interfaces.Where(i => !Formats.IsDnsLabel(i)))
            reader.Error("manifest.value", $"\"{Shown.Text(bad)}\" is no interface name: use a {Formats.LabelRule}.", "interfaces");
        var specReader = reader.Mapping("spec");
        if (specReader is null && mapping["spec"] is null or YamlScalar { IsNull: true })
            reader.Error("manifest.required", "`spec` is required: it says how the edition is installed.", "spec");
        if (specReader is not null)
            EditionSpec.Read(specReader, new SpecScope(appId, rootPackage));
        reader.Complete(UnknownKeys.Refuse);
        return name is null || specReader is null ? default : (new(name, status, interfaces, NodeJson.ToElement(specReader.Json)), reader.Json);
    }

    private EditionStatus Status(MappingReader reader)
    {
        const string key = "status";
        var node = reader.Take(key, oldName: "scope");
        reader.Json[key] = "private";
        if (node is null)
            return EditionStatus.Private;
        var text = (node as YamlScalar)?.Text ?? "";
        if (s_statuses.Keys.FirstOrDefault(s => string.Equals(s, text, StringComparison.OrdinalIgnoreCase)) is { } word)
        {
            if (word != text)
                context.Note("manifest.case", $"\"{Shown.Text(text)}\" is read as \"{word}\".", node.Mark, reader.PathOf(key));
            reader.Json[key] = word;
            return s_statuses[word];
        }
        context.RepairableError("manifest.value", $"`status` must be public, private or deprecated, not {MappingReader.Quote(node)}; until then the edition counts as private.", node.Mark, reader.PathOf(key));
        return EditionStatus.Private;
    }
}

/// <summary>What an edition's spec must know of its application. Both are unknown when a spec stands alone.</summary>
internal sealed record SpecScope(string? AppId, string? RootPackage);
