using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.ServerSideApply;

/// <summary>The operations of server-side apply on typed objects: which fields there are, merge, compare, remove. All pure.</summary>
internal static class TypedObject
{
    /// <summary>Every field of the object that a manager can own.</summary>
    public static FieldSet Fields(JsonNode? node, Schema schema)
    {
        var set = new FieldSet();
        if (node is JsonObject o && !schema.IsLeafFor(o))
        {
            foreach (var (name, value) in o)
            {
                var element = FieldSet.FieldElement(name);
                var member = schema.Member(name) ?? Schema.Any;
                if (member.IsLeafFor(value) || value is JsonObject { Count: 0 } || IsRagged(value, member) || schema.Field(name) is null)
                    set.Add(element);
                if (!member.IsLeafFor(value) && !IsRagged(value, member))
                    set.Add(element, Fields(value, member));
            }
        }
        else if (node is JsonArray array && !schema.IsLeafFor(array))
        {
            foreach (var item in array)
            {
                var element = FieldSet.ItemElement(item, schema)!;
                set.Add(element);
                set.Add(element, Fields(item, schema.Item));
            }
        }
        return set;
    }

    /// <summary>The live object with everything the configuration says.</summary>
    public static JsonNode? Merge(JsonNode? live, JsonNode? config, Schema schema)
    {
        if (config is JsonObject c && live is JsonObject l && !schema.IsLeafFor(c))
        {
            var merged = l.Copy();
            foreach (var (name, value) in c)
                merged[name] = Merge(l[name], value, schema.Member(name) ?? Schema.Any);
            return merged;
        }
        if (config is JsonArray configItems && live is JsonArray liveItems && !schema.IsLeafFor(configItems) && !IsRagged(liveItems, schema))
            return MergeList(liveItems, configItems, schema);
        return config?.DeepClone();
    }

    /// <summary>Items of both lists; the order is the configuration's, with the others staying behind their live predecessors.</summary>
    private static JsonArray MergeList(JsonArray live, JsonArray config, Schema schema)
    {
        var liveByKey = live.ToDictionary(i => FieldSet.ItemElement(i, schema)!);
        var configKeys = config.Select(i => FieldSet.ItemElement(i, schema)!).ToArray();
        var inConfig = configKeys.ToHashSet();
        var liveKeys = live.Select(i => FieldSet.ItemElement(i, schema)!).ToArray();
        var result = new JsonArray();
        var taken = 0;
        for (var i = 0; i < config.Count; i++)
        {
            var position = Array.IndexOf(liveKeys, configKeys[i]);
            for (; taken <= position; taken++)
                if (!inConfig.Contains(liveKeys[taken]))
                    result.Add(live[taken]?.DeepClone());
            result.Add(Merge(liveByKey.GetValueOrDefault(configKeys[i]), config[i], schema.Item));
        }
        for (; taken < live.Count; taken++)
            if (!inConfig.Contains(liveKeys[taken]))
                result.Add(live[taken]?.DeepClone());
        return result;
    }

    /// <summary>What changed between two versions of an object.</summary>
    public sealed record Comparison(FieldSet Added, FieldSet Modified, FieldSet Removed);

    public static Comparison Compare(JsonNode? before, JsonNode? after, Schema schema)
    {
        var result = new Comparison(new(), new(), new());
        if (before is JsonObject b && after is JsonObject a && !schema.IsLeafFor(a))
        {
            foreach (var name in b.Select(p => p.Key).Union(a.Select(p => p.Key)))
                CompareMember(FieldSet.FieldElement(name), b.TryGetPropertyValue(name, out var x), x, a.TryGetPropertyValue(name, out var y), y,
                    schema.Member(name) ?? Schema.Any, schema.Field(name) is null, result);
        }
        else if (before is JsonArray bs && after is JsonArray @as && !schema.IsLeafFor(@as))
        {
            var olds = bs.ToDictionary(i => FieldSet.ItemElement(i, schema)!);
            var news = @as.ToDictionary(i => FieldSet.ItemElement(i, schema)!);
            foreach (var element in olds.Keys.Union(news.Keys))
                CompareMember(element, olds.TryGetValue(element, out var x), x, news.TryGetValue(element, out var y), y, schema.Item, true, result);
        }
        return result;
    }

    private static void CompareMember(string element, bool hadBefore, JsonNode? before, bool hasAfter, JsonNode? after, Schema schema, bool entry, Comparison result)
    {
        var below = (before ?? after, after ?? before) is var (x, y) && !schema.IsLeafFor(x) && !schema.IsLeafFor(y) && !IsRagged(x, schema) && !IsRagged(y, schema);
        if (hadBefore && hasAfter)
        {
            if (below && before is not null && after is not null)
            {
                var inner = Compare(before, after, schema);
                result.Added.Add(element, inner.Added);
                result.Modified.Add(element, inner.Modified);
                result.Removed.Add(element, inner.Removed);
            }
            else if (!JsonNode.DeepEquals(before, after))
                result.Modified.Add(element);
            return;
        }
        var (set, value) = hasAfter ? (result.Added, after) : (result.Removed, before);
        if (!below || entry || value is JsonObject { Count: 0 } || schema.Type == SchemaType.Map)
            set.Add(element);
        if (below)
            set.Add(element, Fields(value, schema));
    }

    /// <summary>
    /// Removes what the previous configuration of a manager set and nobody owns any more. A field that leads to owned fields stays;
    /// one that led only to abandoned fields goes with everything below it, so that defaults inside it go too.
    /// </summary>
    public static void RemoveAbandoned(JsonNode? node, FieldSet previous, FieldSet owned, Schema schema)
    {
        if (node is JsonObject o && !schema.IsLeafFor(o))
        {
            foreach (var name in o.Select(p => p.Key).ToArray())
            {
                var element = FieldSet.FieldElement(name);
                var named = schema.Field(name) is not null;
                if (Abandoned(element, previous, owned, named))
                    o.Remove(name);
                else if (previous.Child(element) is { } below)
                    RemoveAbandoned(o[name], below, owned.Child(element) ?? new(), schema.Member(name) ?? Schema.Any);
            }
        }
        else if (node is JsonArray array && !schema.IsLeafFor(array) && !IsRagged(array, schema))
        {
            for (var i = array.Count - 1; i >= 0; i--)
            {
                var element = FieldSet.ItemElement(array[i], schema)!;
                if (Abandoned(element, previous, owned, named: false))
                    array.RemoveAt(i);
                else if (previous.Child(element) is { } below)
                    RemoveAbandoned(array[i], below, owned.Child(element) ?? new(), schema.Item);
            }
        }
    }

    private static bool Abandoned(string element, FieldSet previous, FieldSet owned, bool named) =>
        (previous.Has(element) || (named && previous.Leads(element))) && !owned.Has(element) && !owned.Leads(element);

    /// <summary>True for a keyed list with an item that has no key, or two items with the same: it can only be treated as a whole.</summary>
    public static bool IsRagged(JsonNode? node, Schema schema)
    {
        if (node is not JsonArray array || schema.IsLeafFor(array))
            return false;
        var seen = new HashSet<string>();
        return array.Any(item => FieldSet.ItemElement(item, schema) is not { } element || !seen.Add(element));
    }
}
