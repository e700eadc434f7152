namespace CodeZero.AppManifest.Yaml;

/// <summary>Where a node begins in its source. Line and column count from 1; both are 0 for what never was a file.</summary>
public readonly record struct YamlMark(string File, int Line, int Column);

/// <summary>What a scalar means under the YAML 1.2 core schema (YAML 1.2.2, §10.3). Quoted and block scalars are always <see cref="Text"/>.</summary>
public enum YamlKind { Null, Boolean, WholeNumber, RealNumber, Text }

/// <summary>How a scalar was written.</summary>
public enum YamlStyle { Plain, SingleQuoted, DoubleQuoted, Literal, Folded }

/// <summary>A node of a YAML document: immutable, and possibly shared where the document used an alias.</summary>
public abstract class YamlNode
{
    private protected YamlNode(YamlMark mark) => Mark = mark;

    public YamlMark Mark { get; }

    /// <summary>"a list", "a number": for messages.</summary>
    public abstract string Describe();
}

/// <summary>A leaf.</summary>
public sealed class YamlScalar : YamlNode
{
    public YamlScalar(string text, YamlStyle style, YamlKind kind, YamlMark mark) : base(mark) => (Text, Style, Kind) = (text, style, kind);

    /// <summary>The written text: <c>1.10</c> stays <c>1.10</c>. Folding and escapes of multi-line and quoted scalars are applied.</summary>
    public string Text { get; }

    public YamlStyle Style { get; }

    public YamlKind Kind { get; }

    public bool IsNull => Kind == YamlKind.Null;

    /// <summary>The meaning of a boolean scalar; nothing for any other.</summary>
    public bool? Boolean => Kind == YamlKind.Boolean ? Text[0] is 't' or 'T' : null;

    public override string Describe() => Kind switch
    {
        YamlKind.Null => "an empty value",
        YamlKind.Boolean => "true or false",
        YamlKind.WholeNumber or YamlKind.RealNumber => "a number",
        _ => "a text",
    };
}

/// <summary>A list.</summary>
public sealed class YamlSequence : YamlNode
{
    public YamlSequence(IReadOnlyList<YamlNode> items, YamlMark mark) : base(mark) => Items = items;

    public IReadOnlyList<YamlNode> Items { get; }

    public override string Describe() => "a list";
}

/// <summary>One line of a mapping. Keys are always scalars, and count by their text.</summary>
public sealed record YamlEntry(string Key, YamlMark KeyMark, YamlNode Value);

/// <summary>A mapping with unique keys, in written order.</summary>
public sealed class YamlMapping : YamlNode
{
    private readonly Dictionary<string, YamlEntry> _byKey;

    /// <exception cref="ArgumentException">A key stands twice.</exception>
    public YamlMapping(IReadOnlyList<YamlEntry> entries, YamlMark mark) : base(mark)
    {
        Entries = entries;
        _byKey = entries.ToDictionary(e => e.Key, StringComparer.Ordinal);
    }

    public IReadOnlyList<YamlEntry> Entries { get; }

    /// <summary>The value of a key, or nothing.</summary>
    public YamlNode? this[string key] => _byKey.GetValueOrDefault(key)?.Value;

    /// <summary>The entry of a key, with the place of the key itself.</summary>
    public YamlEntry? Find(string key) => _byKey.GetValueOrDefault(key);

    public override string Describe() => "a mapping";
}
