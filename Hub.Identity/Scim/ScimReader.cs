using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.Hub.Identity.Scim;

/// <summary>Turns what a client sent into what the schema says: names as the schema writes them, values of the right type and size, nothing unknown and nothing that clients may not set.</summary>
internal static class ScimReader
{
    /// <summary>Reads a resource. Attributes that are unknown or read-only are passed over (RFC 7644 §3.3, §3.5.1).</summary>
    public static JsonObject Read(JsonElement body, ScimResourceType type)
    {
        RequireSchema(body, type.Schema);
        var resource = new JsonObject();
        foreach (var property in body.EnumerateObject())
            if (type.FindPath(property.Name) is { Part: null, Attribute: { IsReadOnly: false } attribute } && Read(property.Value, attribute) is { } value && !resource.TryAdd(attribute.Name, value))
                throw ScimException.InvalidSyntax($"The attribute {attribute.Name} is given twice. Names of attributes are the same in upper and lower case.");
        if (type.Attributes.FirstOrDefault(attribute => attribute.IsRequired && !resource.ContainsKey(attribute.Name)) is { } missing)
            throw ScimException.InvalidValue($"The attribute {missing.Name} is needed.");
        return resource;
    }

    /// <summary>Reads the value of an attribute; null when it is unassigned: <c>null</c>, an empty text, an empty list (RFC 7643 §2.5).</summary>
    public static JsonNode? Read(JsonElement value, ScimAttribute attribute)
    {
        if (value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            return null;
        if (!attribute.IsMultiValued)
            return ReadOne(Unwrap(value, attribute), attribute);
        var values = ReadMany(value, attribute);
        return values.Count == 0 ? null : values;
    }

    /// <summary>Reads the values of a multi-valued attribute; one may stand without brackets.</summary>
    public static JsonArray ReadMany(JsonElement value, ScimAttribute attribute)
    {
        var count = value.ValueKind == JsonValueKind.Array ? value.GetArrayLength() : 1;
        if (count > attribute.MaxValues)
            throw ScimException.InvalidValue($"The attribute {attribute.Name} has at most {attribute.MaxValues} values, and here {count}.");
        var values = new JsonArray();
        foreach (var item in value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().AsEnumerable() : [value])
            values.Add(ReadOne(item, attribute) ?? throw ScimException.InvalidValue($"A value of {attribute.Name} is empty."));
        return values;
    }

    /// <summary>The message must say which schema it follows (RFC 7643 §3, RFC 7644 §3.5.2).</summary>
    public static void RequireSchema(JsonElement body, string schema)
    {
        var says = body.ValueKind == JsonValueKind.Object && Member(body, "schemas") is { ValueKind: JsonValueKind.Array } schemas
            && schemas.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.String && schema.Equals(item.GetString(), StringComparison.OrdinalIgnoreCase));
        if (!says)
            throw ScimException.InvalidSyntax($"The body must be an object whose 'schemas' has {schema}.");
    }

    /// <summary>A member of a message by its name in any case.</summary>
    public static JsonElement? Member(JsonElement message, string name)
    {
        foreach (var property in message.EnumerateObject())
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return property.Value;
        return null;
    }

    private static JsonNode? ReadOne(JsonElement value, ScimAttribute attribute) => (attribute.Type, value.ValueKind) switch
    {
        (_, JsonValueKind.Null) => null,
        (ScimType.Complex, JsonValueKind.Object) => ReadParts(value, attribute),
        (ScimType.Boolean, JsonValueKind.True or JsonValueKind.False) => JsonValue.Create(value.GetBoolean()),
        (ScimType.Boolean, JsonValueKind.String) when bool.TryParse(value.GetString(), out var truth) => JsonValue.Create(truth), // "False", as Entra ID writes it
        (ScimType.String or ScimType.Reference, JsonValueKind.String) => ReadText(value.GetString()!, attribute),
        _ => throw ScimException.InvalidValue($"A value of {attribute.Name} is {Describe(attribute.Type)}."),
    };

    private static JsonObject? ReadParts(JsonElement value, ScimAttribute attribute)
    {
        var parts = new JsonObject();
        foreach (var property in value.EnumerateObject())
            if (attribute.Find(property.Name) is { IsReadOnly: false } part && Read(property.Value, part) is { } read && !parts.TryAdd(part.Name, read))
                throw ScimException.InvalidSyntax($"The part {part.Name} of {attribute.Name} is given twice. Names are the same in upper and lower case.");
        if (attribute.Parts.FirstOrDefault(part => part.IsRequired && !parts.ContainsKey(part.Name)) is { } missing)
            throw ScimException.InvalidValue($"A value of {attribute.Name} needs the part {missing.Name}.");
        return parts.Count == 0 ? null : parts;
    }

    private static JsonValue? ReadText(string text, ScimAttribute attribute)
    {
        if (text.Length == 0)
            return null;
        if (text.Length > attribute.MaxLength || text.Any(char.IsControl))
            throw ScimException.InvalidValue($"A text of {attribute.Name} has at most {attribute.MaxLength} characters, on one line.");
        if (attribute.Choices.Count == 0)
            return JsonValue.Create(text);
        return attribute.Choices.FirstOrDefault(choice => choice.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } choice
            ? JsonValue.Create(choice)
            : throw ScimException.InvalidValue($"A value of {attribute.Name} is one of: {string.Join(", ", attribute.Choices)}.");
    }

    /// <summary>A single value in brackets, and <c>[{"value": …}]</c> for a simple one: an older dialect of Entra ID.</summary>
    private static JsonElement Unwrap(JsonElement value, ScimAttribute attribute)
    {
        if (value.ValueKind != JsonValueKind.Array)
            return value;
        if (value.GetArrayLength() != 1)
            throw ScimException.InvalidValue($"The attribute {attribute.Name} has one value.");
        var only = value[0];
        return attribute.Type != ScimType.Complex && only.ValueKind == JsonValueKind.Object && Member(only, "value") is { } inner ? inner : only;
    }

    private static string Describe(ScimType type) => type switch
    {
        ScimType.Boolean => "true or false",
        ScimType.Complex => "an object",
        _ => "a text",
    };
}
