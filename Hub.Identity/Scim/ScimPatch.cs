using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.Hub.Identity.Scim;

/// <summary>
/// Changes of a resource by PATCH (RFC 7644 §3.5.2), with what Entra ID and Okta make of it: operations in any case, texts for true and false, objects without a path whose keys are paths,
/// values beside the path of a removal. All operations, or none.
/// </summary>
internal static class ScimPatch
{
    /// <summary>The most operations in one message.</summary>
    public const int MaxOperations = 1000;

    /// <summary>The resource as the message makes it; the one given stays as it is.</summary>
    /// <exception cref="ScimException">An operation cannot be carried out.</exception>
    public static JsonObject Apply(JsonObject resource, JsonElement message, ScimResourceType type)
    {
        ScimReader.RequireSchema(message, ScimSchemas.PatchMessage);
        if (ScimReader.Member(message, "Operations") is not { ValueKind: JsonValueKind.Array } operations || operations.GetArrayLength() is 0 or > MaxOperations)
            throw ScimException.InvalidSyntax($"A patch has 1 to {MaxOperations} 'Operations'.");
        var changed = resource.DeepClone().AsObject();
        foreach (var operation in operations.EnumerateArray())
            ApplyOperation(changed, operation, type);
        if (type.Attributes.FirstOrDefault(attribute => attribute.IsRequired && !changed.ContainsKey(attribute.Name)) is { } missing)
            throw ScimException.Mutability($"The attribute {missing.Name} is needed and cannot be removed.");
        return changed;
    }

    private static void ApplyOperation(JsonObject resource, JsonElement operation, ScimResourceType type)
    {
        if (operation.ValueKind != JsonValueKind.Object)
            throw ScimException.InvalidSyntax("An operation is an object with 'op', 'path' and 'value'.");
        var verb = Text(operation, "op")?.ToLowerInvariant() switch
        {
            "add" => Verb.Add,
            "replace" => Verb.Replace,
            "remove" => Verb.Remove,
            _ => throw ScimException.InvalidSyntax("An operation's 'op' is add, replace or remove."),
        };
        var value = ScimReader.Member(operation, "value");
        if (Text(operation, "path") is { } path)
            ApplyAt(resource, path, verb, value, type);
        else if (verb == Verb.Remove)
            throw ScimException.NoTarget("A removal needs a 'path'.");
        else
            ApplyAll(resource, verb, value, type);
    }

    private static void ApplyAt(JsonObject resource, string path, Verb verb, JsonElement? value, ScimResourceType type)
    {
        if (type.IsNotKept(path))
            return;
        var target = ScimFilterParser.ParsePath(path, type);
        if (target.Attribute.IsReadOnly || target.Part is { IsReadOnly: true })
            throw ScimException.Mutability($"'{path}' is read-only.");
        new Change(resource, target, verb, value).Apply();
    }

    /// <summary>Without a path the value is an object of attributes. What would be passed over in a whole resource is passed over here.</summary>
    private static void ApplyAll(JsonObject resource, Verb verb, JsonElement? value, ScimResourceType type)
    {
        if (value is not { ValueKind: JsonValueKind.Object } attributes)
            throw ScimException.InvalidValue("An operation without a 'path' has an object of attributes as its 'value'.");
        foreach (var property in attributes.EnumerateObject())
            if (property.Name.Contains('[', StringComparison.Ordinal) || type.FindPath(property.Name) is { Attribute.IsReadOnly: false, Leaf.IsReadOnly: false })
                ApplyAt(resource, property.Name, verb, property.Value, type);
    }

    private static string? Text(JsonElement operation, string name) => ScimReader.Member(operation, name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        _ => throw ScimException.InvalidSyntax($"An operation's '{name}' is a text."),
    };

    private enum Verb
    {
        Add,
        Replace,
        Remove,
    }

    /// <summary>One operation on one target.</summary>
    private sealed class Change(JsonObject resource, ScimTarget target, Verb verb, JsonElement? value)
    {
        private ScimAttribute Attribute => target.Attribute;

        /// <summary>What an addition or replacement cannot do without.</summary>
        private JsonElement Value => value ?? throw ScimException.InvalidValue($"The operation on {Attribute.Name} needs a 'value'.");

        public void Apply()
        {
            if (!Attribute.IsMultiValued)
                ApplyToOne();
            else if (target is { Filter: null, Part: null })
                ApplyToList();
            else
                ApplyToSome();
        }

        private void ApplyToOne()
        {
            if (target.Part is null && (Attribute.Type != ScimType.Complex || verb == Verb.Remove))
            {
                Set(resource, Attribute);
                return;
            }
            var parts = resource[Attribute.Name] as JsonObject ?? [];
            if (target.Part is { } part)
                Set(parts, part);
            else
                Merge(parts);
            resource[Attribute.Name] = parts.Count == 0 ? null : parts.DeepClone();
            if (parts.Count == 0)
                resource.Remove(Attribute.Name);
        }

        /// <summary>The attribute as a list: values are added that are not there, replaced as a whole, or removed.</summary>
        private void ApplyToList()
        {
            var present = Values();
            if (verb == Verb.Remove && value is null or { ValueKind: JsonValueKind.Null })
                present.Clear();
            else if (verb == Verb.Replace && Value.ValueKind is JsonValueKind.Null)
                present.Clear();
            else
            {
                var given = ScimReader.ReadMany(Value, Attribute).Select(node => node!.DeepClone().AsObject()).ToList();
                var keys = given.Select(KeyOf).ToHashSet(StringComparer.OrdinalIgnoreCase);
                if (verb == Verb.Replace)
                    present.Clear();
                else if (verb == Verb.Remove)
                    present.RemoveAll(item => keys.Contains(KeyOf(item)));
                if (verb != Verb.Remove)
                {
                    var known = present.Select(KeyOf).ToHashSet(StringComparer.OrdinalIgnoreCase);
                    var added = given.Where(item => known.Add(KeyOf(item))).ToList();
                    present.AddRange(added);
                    KeepOnePrimary(present, added);
                }
            }
            Keep(present);
        }

        /// <summary>The values that the filter picks, or a part of them.</summary>
        private void ApplyToSome()
        {
            if (verb == Verb.Remove && target.Part is null)
            {
                RemovePicked();
                return;
            }
            var present = Values();
            var picked = present.Where(IsPicked).ToList();
            if (picked.Count == 0)
            {
                if (verb == Verb.Remove)
                    return;
                picked.Add(verb == Verb.Add && Create() is { } created ? created : throw ScimException.NoTarget($"No value of {Attribute.Name} is as the path says."));
                present.AddRange(picked);
            }
            foreach (var item in picked)
            {
                if (target.Part is { } part)
                    Set(item, part);
                else
                    Merge(item);
                if (Attribute.Parts.FirstOrDefault(needed => needed.IsRequired && !item.ContainsKey(needed.Name)) is { } missing)
                    throw ScimException.Mutability($"A value of {Attribute.Name} needs its part {missing.Name}.");
            }
            KeepOnePrimary(present, picked);
            Keep(present);
        }

        /// <summary>Takes values out where they stand: directories remove members one by one from lists of thousands. None is no fault, so that a removal can be repeated.</summary>
        private void RemovePicked()
        {
            if (resource[Attribute.Name] is not JsonArray values)
                return;
            for (var i = values.Count - 1; i >= 0; i--)
                if (IsPicked(values[i]!.AsObject()))
                    values.RemoveAt(i);
            if (values.Count == 0)
                resource.Remove(Attribute.Name);
        }

        private bool IsPicked(JsonObject item) => target.Filter?.Matches(item) ?? true;

        /// <summary>A value that is as the filter says, for an addition that finds none.</summary>
        private JsonObject? Create()
        {
            var created = new JsonObject();
            return target.Filter is null || target.Filter.TryFill(created) ? created : null;
        }

        /// <summary>Sets or removes an attribute, or a part of one.</summary>
        private void Set(JsonObject of, ScimAttribute attribute)
        {
            if (verb != Verb.Remove && ScimReader.Read(Value, attribute) is { } read)
                of[attribute.Name] = read;
            else
                of.Remove(attribute.Name);
        }

        /// <summary>Parts that are given are set, others stay.</summary>
        private void Merge(JsonObject into)
        {
            var given = Value.ValueKind == JsonValueKind.Array && Value.GetArrayLength() == 1 ? Value[0] : Value;
            if (given.ValueKind != JsonValueKind.Object)
                throw ScimException.InvalidValue($"A value of {Attribute.Name} is an object.");
            foreach (var property in given.EnumerateObject())
                if (Attribute.Find(property.Name) is { IsReadOnly: false } part)
                    if (ScimReader.Read(property.Value, part) is { } read)
                        into[part.Name] = read;
                    else
                        into.Remove(part.Name);
        }

        private List<JsonObject> Values() => resource[Attribute.Name] is JsonArray values ? [.. values.OfType<JsonObject>()] : [];

        private void Keep(List<JsonObject> values)
        {
            if (values.Count > Attribute.MaxValues)
                throw ScimException.InvalidValue($"The attribute {Attribute.Name} has at most {Attribute.MaxValues} values.");
            (resource[Attribute.Name] as JsonArray)?.Clear(); // a node has one parent
            resource.Remove(Attribute.Name);
            if (values.Count > 0)
                resource[Attribute.Name] = new JsonArray([.. values]);
        }

        /// <summary>A value that becomes the primary one takes that from the others.</summary>
        private static void KeepOnePrimary(List<JsonObject> all, List<JsonObject> changed)
        {
            if (changed.LastOrDefault(IsPrimary) is not { } primary)
                return;
            foreach (var other in all.Where(item => item != primary && IsPrimary(item)))
                other["primary"] = false;
        }

        private static bool IsPrimary(JsonObject item) => item["primary"]?.GetValue<bool>() ?? false;

        /// <summary>Values that clients could not tell apart are one value.</summary>
        private string KeyOf(JsonObject item) =>
            string.Join('\0', Attribute.Parts.Where(part => part is { IsReadOnly: false, Type: ScimType.String }).Select(part => item[part.Name]?.GetValue<string>()));
    }
}
