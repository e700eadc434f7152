using System.Text.Json.Nodes;

namespace CodeZero.Hub.Identity.Scim;

/// <summary>
/// A filter (RFC 7644 §3.4.2.2), as <see cref="ScimFilterParser"/> reads it. It is asked of one resource after the other in memory, and never becomes a part of a query; a query is
/// narrowed only by what <see cref="Required"/> says.
/// </summary>
internal abstract record ScimFilter
{
    /// <summary>Whether a resource, or a value of a multi-valued attribute, is meant.</summary>
    public abstract bool Matches(JsonObject resource);

    /// <summary>Whether the answer depends on the attribute.</summary>
    public abstract bool Mentions(ScimAttribute attribute);

    /// <summary>The text that the attribute has in whatever matches; null when the filter does not say one.</summary>
    public virtual string? Required(ScimAttribute attribute) => null;

    /// <summary>Makes a value match, where the filter says by equalities alone what it is. False where it does not.</summary>
    public virtual bool TryFill(JsonObject value) => false;

    public sealed record And(ScimFilter Left, ScimFilter Right) : ScimFilter
    {
        public override bool Matches(JsonObject resource) => Left.Matches(resource) && Right.Matches(resource);
        public override bool Mentions(ScimAttribute attribute) => Left.Mentions(attribute) || Right.Mentions(attribute);
        public override string? Required(ScimAttribute attribute) => Left.Required(attribute) ?? Right.Required(attribute);
        public override bool TryFill(JsonObject value) => Left.TryFill(value) && Right.TryFill(value);
    }

    public sealed record Or(ScimFilter Left, ScimFilter Right) : ScimFilter
    {
        public override bool Matches(JsonObject resource) => Left.Matches(resource) || Right.Matches(resource);
        public override bool Mentions(ScimAttribute attribute) => Left.Mentions(attribute) || Right.Mentions(attribute);
    }

    public sealed record Not(ScimFilter Inner) : ScimFilter
    {
        public override bool Matches(JsonObject resource) => !Inner.Matches(resource);
        public override bool Mentions(ScimAttribute attribute) => Inner.Mentions(attribute);
    }

    /// <summary>One value of a multi-valued attribute has all that the inner filter asks.</summary>
    public sealed record OneValue(ScimAttribute Attribute, ScimFilter Inner) : ScimFilter
    {
        public override bool Matches(JsonObject resource) => resource[Attribute.Name] is JsonArray values && values.OfType<JsonObject>().Any(Inner.Matches);
        public override bool Mentions(ScimAttribute attribute) => attribute == Attribute;
    }

    public sealed record Present(ScimPath Path) : ScimFilter
    {
        public override bool Matches(JsonObject resource) => ValuesOf(resource, Path).Any();
        public override bool Mentions(ScimAttribute attribute) => attribute == Path.Attribute;
    }

    /// <summary>One value passes the test. Of an attribute without a value, nothing is known but that it is not equal to anything.</summary>
    public sealed record Compare(ScimPath Path, string Operator, JsonValue Literal, Func<JsonNode, bool> Test) : ScimFilter
    {
        public override bool Matches(JsonObject resource)
        {
            if (Path.Part is null && resource[Path.Attribute.Name] is not JsonArray and var only)
                return only is null ? Operator == "ne" : Test(only); // of thousands of members, say
            var any = false;
            foreach (var value in ValuesOf(resource, Path))
                if (Test(value))
                    return true;
                else
                    any = true;
            return !any && Operator == "ne";
        }

        public override bool Mentions(ScimAttribute attribute) => attribute == Path.Attribute;

        public override string? Required(ScimAttribute attribute) => Operator == "eq" && Path == new ScimPath(attribute, null) && Literal.TryGetValue<string>(out var text) ? text : null;

        public override bool TryFill(JsonObject value)
        {
            if (Operator != "eq" || Path.Part is not null || Path.Attribute.IsReadOnly)
                return false;
            value[Path.Attribute.Name] = Literal.DeepClone();
            return true;
        }
    }

    private static IEnumerable<JsonNode> ValuesOf(JsonObject resource, ScimPath path)
    {
        var node = resource[path.Attribute.Name];
        foreach (var value in node is JsonArray many ? many : (IEnumerable<JsonNode?>)[node])
            if ((path.Part is null ? value : (value as JsonObject)?[path.Part.Name]) is { } present)
                yield return present;
    }
}
