namespace CodeZero.Hub.Identity.Scim;

/// <summary>A kind of resource: its core schema, and at most one extension, which stands in the resource like a complex attribute named by its URN (RFC 7643 §3.3).</summary>
/// <param name="Endpoint">Below the base address, such as <c>Users</c>.</param>
/// <param name="Core">The attributes of the core schema.</param>
/// <param name="NotKept">Attributes that the RFC defines, directories send, and the Hub has no use for: taken, and not kept.</param>
internal sealed record ScimResourceType(string Name, string Endpoint, string Schema, string Description, IReadOnlyList<ScimAttribute> Core, ScimAttribute? Extension, IReadOnlyList<string> NotKept)
{
    /// <summary>What every resource has (RFC 7643 §3.1).</summary>
    private static readonly IReadOnlyList<ScimAttribute> Common =
    [
        new("schemas", "The schemas of the resource.") { Type = ScimType.Reference, IsMultiValued = true, IsReadOnly = true, IsCaseExact = true, Returned = ScimReturned.Always },
        ScimSchemas.Id,
        ScimSchemas.ExternalId,
        new("meta", "When the resource was made and changed, its address and version.")
        {
            Type = ScimType.Complex,
            IsReadOnly = true,
            Parts =
            [
                new("resourceType", "The kind of resource.") { IsReadOnly = true, IsCaseExact = true },
                new("created", "When it was made.") { Type = ScimType.DateTime, IsReadOnly = true },
                new("lastModified", "When it last changed.") { Type = ScimType.DateTime, IsReadOnly = true },
                new("location", "Its address.") { Type = ScimType.Reference, IsReadOnly = true, IsCaseExact = true },
                new("version", "Its weak entity tag.") { IsReadOnly = true, IsCaseExact = true },
            ],
        },
    ];

    private readonly IReadOnlyList<ScimAttribute> _attributes = [.. Common, .. Core, .. Extension is null ? Array.Empty<ScimAttribute>() : [Extension]];

    /// <summary>Every attribute of the resource.</summary>
    public IReadOnlyList<ScimAttribute> Attributes => _attributes;

    /// <summary>An attribute by its name in any case.</summary>
    public ScimAttribute? Find(string name) => _attributes.FirstOrDefault(attribute => attribute.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>What a name stands for: <c>name.givenName</c>, the same with the schema's URN and a colon before it, or an extension's URN with or without one of its attributes. Null: nothing.</summary>
    public ScimPath? FindPath(string name)
    {
        if (Extension is { } extension && After(name, extension.Name) is { } inside)
            return inside.Length == 0 ? new(extension, null) : extension.Find(inside) is { } part ? new(extension, part) : null;
        var own = After(name, Schema) is { Length: > 0 } rest ? rest : name;
        var dot = own.IndexOf('.', StringComparison.Ordinal);
        if (Find(dot < 0 ? own : own[..dot]) is not { } attribute)
            return null;
        return dot < 0 ? new(attribute, null) : attribute.Find(own[(dot + 1)..]) is { } sub ? new(attribute, sub) : null;
    }

    /// <summary>Whether a path is of an attribute that is taken and not kept.</summary>
    public bool IsNotKept(string path)
    {
        var own = After(path, Schema) is { Length: > 0 } rest ? rest : path;
        return NotKept.Any(name => own.StartsWith(name, StringComparison.OrdinalIgnoreCase) && (own.Length == name.Length || own[name.Length] is '.' or '[' or ':'));
    }

    /// <summary>What follows a URN and its colon: empty for the URN alone, null when the name is not below it.</summary>
    private static string? After(string name, string urn) => !name.StartsWith(urn, StringComparison.OrdinalIgnoreCase) ? null
        : name.Length == urn.Length ? "" : name[urn.Length] is ':' or '.' ? name[(urn.Length + 1)..] : null;
}
