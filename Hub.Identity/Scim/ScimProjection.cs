using System.Text.Json.Nodes;

namespace CodeZero.Hub.Identity.Scim;

/// <summary>Which attributes an answer has: those that <c>attributes</c> names, or all but those of <c>excludedAttributes</c> (RFC 7644 §3.9). What is always returned stays.</summary>
internal sealed class ScimProjection
{
    private readonly HashSet<ScimPath> _named;
    private readonly bool _excludes;

    private ScimProjection(HashSet<ScimPath> named, bool excludes) => (_named, _excludes) = (named, excludes);

    /// <summary>Reads the parameters: names with commas between them. Names of nothing name nothing.</summary>
    public static ScimProjection Parse(string? attributes, string? excluded, ScimResourceType type)
    {
        if (!string.IsNullOrEmpty(attributes) && !string.IsNullOrEmpty(excluded))
            throw ScimException.InvalidValue("'attributes' and 'excludedAttributes' are not given together.");
        var excludes = string.IsNullOrEmpty(attributes);
        var named = (excludes ? excluded : attributes) ?? "";
        if (named.Length > ScimFilterParser.MaxLength)
            throw ScimException.InvalidValue($"The list of attributes is longer than {ScimFilterParser.MaxLength} characters.");
        return new([.. named.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(type.FindPath).OfType<ScimPath>()], excludes);
    }

    /// <summary>Whether the answer has the attribute, or a part of it.</summary>
    public bool Includes(ScimAttribute attribute) => attribute.Returned == ScimReturned.Always
        || (_excludes ? !_named.Contains(new(attribute, null)) : _named.Any(path => path.Attribute == attribute));

    /// <summary>Takes out of a resource what the answer does not have.</summary>
    public JsonObject Apply(JsonObject resource, ScimResourceType type)
    {
        foreach (var attribute in type.Attributes)
            if (!Includes(attribute))
                resource.Remove(attribute.Name);
            else if (_named.Any(path => path.Attribute == attribute && path.Part is not null) && !_named.Contains(new(attribute, null)))
                RemoveParts(resource[attribute.Name], attribute);
        return resource;
    }

    private void RemoveParts(JsonNode? value, ScimAttribute attribute)
    {
        foreach (var one in value is JsonArray many ? many : (IEnumerable<JsonNode?>)[value])
            if (one is JsonObject parts)
                foreach (var part in attribute.Parts.Where(part => _named.Contains(new(attribute, part)) == _excludes))
                    parts.Remove(part.Name);
    }
}
