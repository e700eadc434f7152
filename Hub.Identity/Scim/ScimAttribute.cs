namespace CodeZero.Hub.Identity.Scim;

/// <summary>The data types of RFC 7643 §2.3 that the Hub's resources use.</summary>
internal enum ScimType
{
    String,
    Boolean,
    DateTime,
    Reference,
    Complex,
}

/// <summary>When an attribute is in an answer (RFC 7643 §7).</summary>
internal enum ScimReturned
{
    Default,
    Always,
}

/// <summary>An attribute of a resource, or a part of a complex one, with its characteristics (RFC 7643 §7).</summary>
/// <param name="Name">As it is written in answers; in requests its case does not matter (§2.1).</param>
internal sealed record ScimAttribute(string Name, string Description)
{
    public ScimType Type { get; init; }
    public bool IsMultiValued { get; init; }
    public bool IsRequired { get; init; }
    public bool IsReadOnly { get; init; }
    public bool IsCaseExact { get; init; }
    public bool IsUnique { get; init; }
    public ScimReturned Returned { get; init; }

    /// <summary>The longest text, in UTF-16 code units.</summary>
    public int MaxLength { get; init; } = 256;

    /// <summary>The most values, where there may be many.</summary>
    public int MaxValues { get; init; } = 20;

    /// <summary>The only values there are, in any case; empty: any.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The parts of a complex attribute.</summary>
    public IReadOnlyList<ScimAttribute> Parts { get; init; } = [];

    /// <summary>What a reference leads to.</summary>
    public IReadOnlyList<string> ReferenceTypes { get; init; } = [];

    public StringComparison Comparison => IsCaseExact ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    /// <summary>A part by its name in any case.</summary>
    public ScimAttribute? Find(string name) => Parts.FirstOrDefault(part => part.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>An attribute, or one of its parts.</summary>
internal sealed record ScimPath(ScimAttribute Attribute, ScimAttribute? Part)
{
    /// <summary>What the path ends at.</summary>
    public ScimAttribute Leaf => Part ?? Attribute;

    public override string ToString() => Part is null ? Attribute.Name : $"{Attribute.Name}.{Part.Name}";
}
