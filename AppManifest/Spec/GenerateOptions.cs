using System.Globalization;
using CodeZero.AppManifest.Reading;

namespace CodeZero.AppManifest;

/// <summary>How a value is generated. The defaults make ten letters.</summary>
public sealed record GenerateOptions
{
    public const int ShortestLength = 1;
    public const int LongestLength = 1_024;

    private const string LowercaseLetters = "abcdefghijklmnopqrstuvwxyz";
    private const string UppercaseLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Digits = "0123456789";
    private const string AllSymbols = "!@#$%^&*()+_-=}{[]|:;\"/?.><,`~";
    private const string Similar = "ilLI|`oO0";

    /// <summary>In characters, 1 to 1,024.</summary>
    public int Length { get; init; } = 10;

    public bool Numbers { get; init; }

    /// <summary>The symbols to use; empty: none.</summary>
    public string Symbols { get; init; } = "";

    public bool Lowercase { get; init; } = true;

    public bool Uppercase { get; init; } = true;

    /// <summary>Characters never to use.</summary>
    public string Exclude { get; init; } = "";

    /// <summary>At least one character of each kind.</summary>
    public bool Strict { get; init; }

    /// <summary>Leave out what is easily misread: <c>i l L I | ` o O 0</c>.</summary>
    public bool ExcludeSimilarCharacters { get; init; }

    /// <summary>The kinds of character in use, each with its characters, none empty.</summary>
    public IReadOnlyList<string> Pools =>
    [
        .. new[] { Lowercase ? LowercaseLetters : "", Uppercase ? UppercaseLetters : "", Numbers ? Digits : "", Symbols }
            .Select(pool => new string([.. pool.Distinct().Where(c => !Exclude.Contains(c, StringComparison.Ordinal) && !(ExcludeSimilarCharacters && Similar.Contains(c, StringComparison.Ordinal)))]))
            .Where(pool => pool.Length > 0),
    ];

    /// <summary><c>generate: {length: 32}</c>, or <c>generate: true</c> for the defaults.</summary>
    internal static GenerateOptions? Read(MappingReader parent, string key)
    {
        if (parent.Node[key] is Yaml.YamlScalar { Boolean: not null })
        {
            if (parent.Flag(key) is not true)
                return null;
            parent.Json[key] = new System.Text.Json.Nodes.JsonObject();
            return new();
        }
        if (parent.Mapping(key) is not { } reader)
            return null;
        var before = parent.Context.Fatal;
        var defaults = new GenerateOptions();
        var options = new GenerateOptions
        {
            Length = reader.Integer("length", ShortestLength, LongestLength) ?? defaults.Length,
            Numbers = reader.Flag("numbers") ?? defaults.Numbers,
            Symbols = SymbolsOf(reader),
            Lowercase = reader.Flag("lowercase") ?? defaults.Lowercase,
            Uppercase = reader.Flag("uppercase") ?? defaults.Uppercase,
            Exclude = reader.Text("exclude", longest: 200) ?? defaults.Exclude,
            Strict = reader.Flag("strict") ?? defaults.Strict,
            ExcludeSimilarCharacters = reader.Flag("excludeSimilarCharacters") ?? defaults.ExcludeSimilarCharacters,
        };
        reader.Complete(UnknownKeys.Refuse);
        if (parent.Context.Fatal > before)
            return null;
        if (options.Pools.Count == 0)
            parent.Error("manifest.generate", "These options leave no character to choose from.", key);
        else if (options.Strict && options.Length < options.Pools.Count)
            parent.Error("manifest.generate", string.Create(CultureInfo.InvariantCulture, $"`strict` needs a length of at least {options.Pools.Count}, one for each kind of character."), key);
        else
            return options;
        return null;
    }

    private static string SymbolsOf(MappingReader reader)
    {
        const string key = "symbols";
        if (reader.Node[key] is Yaml.YamlScalar { Boolean: not null })
            return reader.Flag(key) is true ? AllSymbols : "";
        if (reader.Text(key, longest: 200) is not { } symbols)
            return "";
        if (symbols.Any(c => c is <= ' ' or > '~'))
            reader.Error("manifest.generate", "`symbols` must be true, false, or printable ASCII characters.", key);
        return symbols;
    }
}
