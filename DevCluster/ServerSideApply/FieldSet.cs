using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.ServerSideApply;

/// <summary>
/// A set of places in an object, in the form of <c>managedFields[].fieldsV1</c>. A path element is the text that stands there:
/// <c>f:name</c> a field, <c>k:{"name":"x"}</c> a list item by its keys, <c>v:"x"</c> an item of a set. A place can be a member itself,
/// or only lead to members below it.
/// </summary>
internal sealed class FieldSet
{
    private const string Self = ".";
    private readonly SortedSet<string> members = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, FieldSet> children = new(StringComparer.Ordinal);

    public bool IsEmpty => members.Count == 0 && children.Count == 0;

    public IEnumerable<string> Elements => members.Union(children.Keys);

    public bool Has(string element) => members.Contains(element);

    public bool Leads(string element) => children.ContainsKey(element);

    public FieldSet? Child(string element) => children.GetValueOrDefault(element);

    public void Add(string element) => members.Add(element);

    /// <summary>Adds a subset below the element; an empty one leaves no trace.</summary>
    public void Add(string element, FieldSet below)
    {
        if (below.IsEmpty)
            return;
        children[element] = children.TryGetValue(element, out var existing) ? existing.Union(below) : below;
    }

    public FieldSet Union(FieldSet other) => Combine(other, static (a, b) => a || b);

    public FieldSet Except(FieldSet other) => Combine(other, static (a, b) => a && !b);

    public FieldSet Intersect(FieldSet other) => Combine(other, static (a, b) => a && b);

    private static readonly FieldSet None = new();

    private FieldSet Combine(FieldSet other, Func<bool, bool, bool> keep)
    {
        var result = new FieldSet();
        foreach (var element in Elements.Union(other.Elements))
        {
            if (keep(Has(element), other.Has(element)))
                result.Add(element);
            if (Leads(element) || other.Leads(element))
                result.Add(element, (Child(element) ?? None).Combine(other.Child(element) ?? None, keep));
        }
        return result;
    }

    /// <summary>Removes these members and everything below them.</summary>
    public FieldSet Without(FieldSet branches)
    {
        var result = new FieldSet();
        foreach (var element in Elements)
        {
            if (branches.Has(element))
                continue;
            if (Has(element))
                result.Add(element);
            if (Child(element) is { } child)
                result.Add(element, branches.Child(element) is { } below ? child.Without(below) : child);
        }
        return result;
    }

    /// <summary>The part of the set at or below these members.</summary>
    public FieldSet Within(FieldSet branches)
    {
        var result = new FieldSet();
        foreach (var element in Elements)
        {
            if (branches.Has(element))
            {
                if (Has(element))
                    result.Add(element);
                if (Child(element) is { } all)
                    result.Add(element, all);
            }
            else if (Child(element) is { } child && branches.Child(element) is { } below)
                result.Add(element, child.Within(below));
        }
        return result;
    }

    public static FieldSet Of(params ReadOnlySpan<string[]> paths)
    {
        var set = new FieldSet();
        foreach (var path in paths)
        {
            var at = set;
            foreach (var step in path[..^1])
            {
                if (!at.children.TryGetValue(step, out var next))
                    at.children[step] = next = new();
                at = next;
            }
            at.Add(path[^1]);
        }
        return set;
    }

    /// <summary>Every member as the API shows it in conflicts: <c>.spec.containers[name="x"].image</c>.</summary>
    public IEnumerable<string> Paths(string prefix = "")
    {
        foreach (var element in Elements)
        {
            var path = prefix + Show(element);
            if (Has(element))
                yield return path;
            foreach (var below in Child(element)?.Paths(path) ?? [])
                yield return below;
        }
    }

    private static string Show(string element) => element[0] switch
    {
        'f' => $".{element[2..]}",
        'k' => $"[{string.Join(",", JsonNode.Parse(element[2..])!.AsObject().Select(p => $"{p.Key}={p.Value?.ToJsonString(JsonText.Relaxed) ?? "null"}"))}]",
        'v' => $"[={element[2..]}]",
        _ => $"[{element[2..]}]",
    };

    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach (var element in Elements)
        {
            var below = Child(element)?.ToJson() ?? [];
            if (below.Count > 0 && Has(element))
                below.Insert(0, Self, new JsonObject());
            json[element] = below;
        }
        return json;
    }

    /// <summary>Reads <c>fieldsV1</c>; elements of an unknown form are left out.</summary>
    public static FieldSet FromJson(JsonObject? json)
    {
        var set = new FieldSet();
        foreach (var (name, value) in json ?? [])
        {
            if (Canonical(name) is not { } element)
                continue;
            var below = value as JsonObject;
            if (below is null || below.Count == 0 || below.ContainsKey(Self))
                set.Add(element);
            set.Add(element, FromJson(below));
        }
        return set;
    }

    private static string? Canonical(string element)
    {
        if (element.Length < 2 || element[1] != ':' || element[0] is not ('f' or 'k' or 'v' or 'i'))
            return null;
        if (element[0] is 'f' or 'i')
            return element;
        try
        {
            var value = JsonNode.Parse(element[2..]);
            return (element[0], value) switch
            {
                ('k', JsonObject keys) => KeyElement(keys),
                ('v', JsonObject or JsonArray) or ('k', _) => null,
                _ => ValueElement(value),
            };
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }

    public static string FieldElement(string name) => $"f:{name}";

    public static string ValueElement(JsonNode? value) => $"v:{value?.ToJsonString(JsonText.Relaxed) ?? "null"}";

    public static string KeyElement(IEnumerable<KeyValuePair<string, JsonNode?>> keys) =>
        $"k:{new JsonObject(keys.OrderBy(k => k.Key, StringComparer.Ordinal).Select(k => KeyValuePair.Create(k.Key, k.Value?.DeepClone()))).ToJsonString(JsonText.Relaxed)}";

    /// <summary>
    /// The path element of a list item, or null when the item has none: a key is missing without default, or the item is no object.
    /// </summary>
    public static string? ItemElement(JsonNode? item, Schema list)
    {
        if (list.ListType == ListType.Set)
            return item is JsonObject or JsonArray ? null : ValueElement(item);
        if (item is not JsonObject o)
            return null;
        var keys = new List<KeyValuePair<string, JsonNode?>>();
        foreach (var key in list.Keys)
        {
            if (!o.TryGetPropertyValue(key, out var value) || value is null)
                value = list.Item.Field(key)?.Default;
            if (value is not null)
                keys.Add(KeyValuePair.Create(key, (JsonNode?)value));
        }
        return keys.Count == 0 || (keys.Count < list.Keys.Count && list.Keys.Count == 1) ? null : KeyElement(keys);
    }
}
