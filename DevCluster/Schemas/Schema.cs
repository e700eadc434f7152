using System.Text.Json.Nodes;

namespace CodeZero.DevCluster.Schemas;

internal enum SchemaType { Object, Map, List, String, Integer, Number, Boolean, IntOrString, Quantity, Any }

/// <summary>How the items of a list relate to each other when several writers set them (<c>x-kubernetes-list-type</c>).</summary>
internal enum ListType { Atomic, Set, Map }

/// <summary>
/// The type of one place in an object: enough to prune, to validate, to default, to merge and to describe it.
/// Named schemas are shared and may refer to themselves.
/// </summary>
internal sealed class Schema
{
    /// <summary>A value of any form. Maps in it merge key by key; lists in it are atomic.</summary>
    public static readonly Schema Any = new() { Type = SchemaType.Any, PreserveUnknown = true };
    public static readonly Schema String = new() { Type = SchemaType.String };

    public required SchemaType Type { get; init; }

    /// <summary>Full name of the OpenAPI component, null for an anonymous schema.</summary>
    public string? Name { get; init; }
    public string? Description { get; init; }
    public string? Format { get; init; }

    /// <summary>Fields of an <see cref="SchemaType.Object"/>. Filled after construction where types refer to each other.</summary>
    public Dictionary<string, SchemaField> Fields { get; init; } = [];

    /// <summary>Schema of map values or list items.</summary>
    public Schema? Items { get; init; }
    public ListType ListType { get; init; }

    /// <summary>Fields that identify an item of a list of type <see cref="ListType.Map"/>.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>The object or map has one owner as a whole.</summary>
    public bool Atomic { get; init; }
    public bool PreserveUnknown { get; init; }
    public bool EmbeddedResource { get; init; }
    public bool Nullable { get; init; }

    /// <summary>Limits on the value that only custom resources declare.</summary>
    public Constraints? Constraints { get; init; }

    /// <summary>The OpenAPI v3 schema as its author wrote it; null for the types described in this assembly.</summary>
    public JsonObject? Source { get; init; }

    public SchemaField? Field(string name) => Fields.GetValueOrDefault(name);

    /// <summary>The schema of a member of this object or map; null when the schema does not know the member.</summary>
    public Schema? Member(string name) =>
        Type switch
        {
            SchemaType.Any => Any,
            SchemaType.Map => Items ?? Any,
            _ => Field(name)?.Schema ?? (PreserveUnknown ? Any : null),
        };

    public Schema Item => Items ?? Any;

    /// <summary>True when the value is owned and replaced as a whole.</summary>
    public bool IsLeafFor(JsonNode? value) => value switch
    {
        JsonObject => Atomic || Type is not (SchemaType.Object or SchemaType.Map or SchemaType.Any),
        JsonArray => Type != SchemaType.List || ListType == ListType.Atomic,
        _ => true,
    };
}

/// <summary>A field of an object.</summary>
internal sealed record SchemaField(Schema Schema)
{
    public bool Required { get; init; }
    public JsonNode? Default { get; init; }
    public string? Description { get; init; }
    public IReadOnlyList<string> Allowed { get; init; } = [];

    /// <summary>Number of the field in the protobuf form, with a dot where JSON shows a nested message inline; null when there is no such form.</summary>
    public string? WirePath { get; init; }

    /// <summary>The protobuf form distinguishes zero from absent.</summary>
    public bool KeepsZero { get; init; }

    /// <summary>A strategic merge patch drops the fields it does not name (<c>retainKeys</c>).</summary>
    public bool RetainKeys { get; init; }
}

/// <summary>Value limits of a structural schema (OpenAPI v3 subset that Kubernetes accepts).</summary>
internal sealed record Constraints
{
    public IReadOnlyList<JsonNode?> Enum { get; init; } = [];
    public double? Minimum { get; init; }
    public double? Maximum { get; init; }
    public bool ExclusiveMinimum { get; init; }
    public bool ExclusiveMaximum { get; init; }
    public double? MultipleOf { get; init; }
    public int? MinLength { get; init; }
    public int? MaxLength { get; init; }
    public System.Text.RegularExpressions.Regex? Pattern { get; init; }
    public int? MinItems { get; init; }
    public int? MaxItems { get; init; }
    public int? MinProperties { get; init; }
    public int? MaxProperties { get; init; }
    public IReadOnlyList<Schema> AllOf { get; init; } = [];
    public IReadOnlyList<Schema> AnyOf { get; init; } = [];
    public IReadOnlyList<Schema> OneOf { get; init; } = [];
    public Schema? Not { get; init; }
}
