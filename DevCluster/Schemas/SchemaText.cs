using System.Globalization;
using System.Text.Json.Nodes;

namespace CodeZero.DevCluster.Schemas;

/// <summary>A resource as declared in a <c>.schema</c> file.</summary>
internal sealed record ResourceDeclaration(string Plural, string Group, string Version, string Kind, IReadOnlyDictionary<string, string> Options, Schema Schema, bool Review);

/// <summary>
/// Reads the compact notation in which the built-in types are described.
/// <code>
/// package P                                    following types are OpenAPI components "P.Name"
/// resource plural group/version Kind options   a resource; options: short=a,b categories=a singular=x type=Name cluster status scale generation
/// review   plural group/version Kind           a resource that is only created and answered
/// type Name [atomic]                           a type; atomic: it has one owner as a whole
///   field Type modifiers # text                a field of the resource or type above
/// </code>
/// A field is <c>name@2*</c>: its number in the protobuf form (<c>2.5</c>: field 5 of the message in field 2, which JSON shows inline), and a star
/// when the protobuf form can tell a zero value from an absent one.
/// Types: string bytes time microtime int32 int64 bool quantity intstr any, a declared name, <c>[]T</c>, <c>map[T]</c>.
/// Modifiers: <c>!</c> required, <c>=json</c> default, <c>{A,B}</c> allowed values, <c>by k1,k2</c> list keyed by fields, <c>set</c>, <c>atomic</c>, <c>retain</c>.
/// </summary>
internal sealed class SchemaText
{
    private readonly Dictionary<string, Schema> types = [];
    private readonly List<(Schema Owner, string Line)> fields = [];
    private readonly List<ResourceDeclaration> resources = [];
    private string package = "";

    /// <summary>Every named type by its short name.</summary>
    public IReadOnlyDictionary<string, Schema> Types => types;
    public IReadOnlyList<ResourceDeclaration> Resources => resources;

    public static SchemaText Load(params ReadOnlySpan<string> embeddedFiles)
    {
        var text = new SchemaText();
        foreach (var file in embeddedFiles)
        {
            using var stream = typeof(SchemaText).Assembly.GetManifestResourceStream(file)
                ?? throw new InvalidOperationException($"The assembly lacks its embedded file {file}.");
            using var reader = new StreamReader(stream);
            text.Read(reader);
        }
        text.Resolve();
        return text;
    }

    private void Read(TextReader reader)
    {
        Schema? owner = null;
        while (reader.ReadLine() is { } line)
        {
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (line[0] == ' ')
            {
                fields.Add((owner ?? throw new InvalidOperationException($"Field outside of a type: {line}"), line));
                continue;
            }
            var (head, description) = SplitDescription(line);
            var words = head.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            owner = words[0] switch
            {
                "package" => SetPackage(words[1]),
                "type" => types[words[1]] = NewType(words[1], description, words.Contains("atomic")),
                "resource" or "review" => Resource(words, description),
                _ => throw new InvalidOperationException($"Unknown directive: {line}"),
            };
        }
    }

    private Schema? SetPackage(string name)
    {
        package = name;
        return null;
    }

    private Schema NewType(string name, string? description, bool atomic) =>
        new() { Type = SchemaType.Object, Name = $"{package}.{name}", Description = description, Atomic = atomic };

    private Schema Resource(string[] words, string? description)
    {
        var options = words.Skip(4).Select(w => w.Split('=', 2)).ToDictionary(p => p[0], p => p.Length > 1 ? p[1] : "");
        var (group, version) = words[2].Split('/') is [var g, var v] ? (g, v) : ("", words[2]);
        var schema = NewType(words[3], description, atomic: false);
        types[options.GetValueOrDefault("type", words[3])] = schema;
        fields.Add((schema, "  apiVersion string # Group and version of this representation."));
        fields.Add((schema, "  kind string # Kind of the object."));
        fields.Add((schema, "  metadata@1 ObjectMeta # Standard metadata."));
        resources.Add(new(words[1], group, version, words[3], options, schema, words[0] == "review"));
        return schema;
    }

    private void Resolve()
    {
        foreach (var (owner, line) in fields)
        {
            var (head, description) = SplitDescription(line);
            var words = head.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var modifiers = words.AsSpan(2);
            var field = new SchemaField(TypeOf(words[1], modifiers)) { Description = description };
            foreach (var modifier in modifiers)
            {
                field = modifier[0] switch
                {
                    '!' => field with { Required = true },
                    '=' => field with { Default = DefaultValue(modifier[1..], field.Schema) },
                    '{' => field with { Allowed = modifier.Trim('{', '}').Split(',') },
                    _ when modifier == "retain" => field with { RetainKeys = true },
                    _ => field,
                };
            }
            var (name, number) = words[0].Split('@') is [var n, var at] ? (n, at) : (words[0], null);
            owner.Fields[name] = field with { WirePath = number?.TrimEnd('*'), KeepsZero = number?.EndsWith('*') ?? false };
        }
    }

    private Schema TypeOf(string type, ReadOnlySpan<string> modifiers)
    {
        if (type.StartsWith("[]", StringComparison.Ordinal))
        {
            var by = modifiers.IndexOf("by");
            return new()
            {
                Type = SchemaType.List,
                Items = TypeOf(type[2..], []),
                ListType = by >= 0 ? ListType.Map : modifiers.Contains("set") ? ListType.Set : ListType.Atomic,
                Keys = by >= 0 ? modifiers[by + 1].Split(',') : [],
            };
        }
        if (type.StartsWith("map[", StringComparison.Ordinal))
            return new() { Type = SchemaType.Map, Items = TypeOf(type[4..^1], []), Atomic = modifiers.Contains("atomic") };
        return type switch
        {
            "string" => Schema.String,
            "bytes" => new() { Type = SchemaType.String, Format = "byte" },
            "time" => new() { Type = SchemaType.String, Format = "date-time" },
            "microtime" => new() { Type = SchemaType.String, Format = "date-time" },
            "int32" or "int64" => new() { Type = SchemaType.Integer, Format = type },
            "bool" => new() { Type = SchemaType.Boolean },
            "quantity" => new() { Type = SchemaType.Quantity },
            "intstr" => new() { Type = SchemaType.IntOrString, Format = "int-or-string" },
            "any" => Schema.Any,
            _ => types.GetValueOrDefault(type) ?? throw new InvalidOperationException($"Unknown type {type}."),
        };
    }

    private static JsonNode? DefaultValue(string text, Schema schema) => schema.Type switch
    {
        SchemaType.Integer => JsonValue.Create(long.Parse(text, CultureInfo.InvariantCulture)),
        SchemaType.Boolean => JsonValue.Create(text == "true"),
        SchemaType.Object => new JsonObject(),
        _ => JsonValue.Create(text),
    };

    private static (string Head, string? Description) SplitDescription(string line) =>
        line.IndexOf(" # ", StringComparison.Ordinal) is > 0 and var at ? (line[..at], line[(at + 3)..]) : (line, null);
}
