using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api.Patches;

/// <summary>
/// Strategic merge patch: a merge patch that knows which lists merge by key. Directives: <c>$patch</c> (replace, delete, merge),
/// <c>$retainKeys</c>, <c>$deleteFromPrimitiveList/field</c>, <c>$setElementOrder/field</c>.
/// </summary>
internal static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string DeleteFrom = "$deleteFromPrimitiveList/";
    private const string ElementOrder = "$setElementOrder/";

    public static JsonObject Apply(JsonObject target, JsonNode? patch, Schema schema) =>
        patch is JsonObject p ? MergeObject(target, p, schema) : throw StatusException.BadRequest("a strategic merge patch must be an object");

    private static JsonObject MergeObject(JsonObject target, JsonObject patch, Schema schema)
    {
        switch (patch[Directive].AsString())
        {
            case "replace":
                return Plain(patch);
            case "delete":
                return [];
            case null or "merge":
                break;
            case var other:
                throw StatusException.BadRequest($"unknown patch directive \"{other}\"");
        }
        var result = target.Copy();
        if (patch[RetainKeys] is JsonArray retained)
            foreach (var name in result.Select(p => p.Key).Except(retained.Select(r => r.AsString() ?? "")).ToArray())
                result.Remove(name);
        foreach (var (name, value) in patch)
        {
            if (name.StartsWith(DeleteFrom, StringComparison.Ordinal))
                RemoveValues(result[name[DeleteFrom.Length..]] as JsonArray, value as JsonArray ?? []);
            else if (name[0..1] is "$")
                continue;
            else if (value is null)
                result.Remove(name);
            else
                result[name] = MergeValue(result[name], value, schema.Member(name) ?? Schema.Any);
        }
        foreach (var (name, order) in patch)
            if (name.StartsWith(ElementOrder, StringComparison.Ordinal) && order is JsonArray wanted && result[name[ElementOrder.Length..]] is JsonArray list)
                result[name[ElementOrder.Length..]] = Ordered(list, wanted, schema.Member(name[ElementOrder.Length..]) ?? Schema.Any);
        return result;
    }

    private static JsonNode MergeValue(JsonNode? target, JsonNode patch, Schema schema) => (target, patch) switch
    {
        (_, JsonObject p) => MergeObject(target as JsonObject ?? [], p, schema),
        (JsonArray t, JsonArray p) when schema.ListType == ListType.Map => MergeKeyed(t, p, schema),
        (JsonArray t, JsonArray p) when schema.ListType == ListType.Set => Union(t, p),
        (_, JsonArray p) when schema.ListType == ListType.Map => MergeKeyed([], p, schema),
        _ => patch.DeepClone(),
    };

    private static JsonArray MergeKeyed(JsonArray target, JsonArray patch, Schema schema)
    {
        var key = schema.Keys[0];
        if (patch.Any(i => i is JsonObject o && o[Directive].AsString() == "replace" && o[key] is null))
            return new([.. patch.OfType<JsonObject>().Where(o => o[Directive] is null).Select(o => (JsonNode)Plain(o))]);
        var result = (JsonArray)target.DeepClone();
        foreach (var item in patch)
        {
            if (item is not JsonObject o || o[key] is not { } wanted)
                throw StatusException.BadRequest($"map: {item?.ToJsonString(JsonText.Relaxed)} does not contain declared merge key: {key}");
            var at = result.Select((node, i) => (node, i)).Where(p => p.node is JsonObject existing && JsonNode.DeepEquals(existing[key], wanted)).Select(p => (int?)p.i).FirstOrDefault();
            if (o[Directive].AsString() == "delete")
            {
                if (at is { } gone)
                    result.RemoveAt(gone);
            }
            else if (at is { } i)
                result[i] = MergeObject((JsonObject)result[i]!, o, schema.Item);
            else
                result.Add(MergeObject([], o, schema.Item));
        }
        return result;
    }

    private static JsonArray Union(JsonArray target, JsonArray patch)
    {
        var result = (JsonArray)target.DeepClone();
        foreach (var value in patch)
            if (!result.Any(r => JsonNode.DeepEquals(r, value)))
                result.Add(value?.DeepClone());
        return result;
    }

    private static void RemoveValues(JsonArray? list, JsonArray values)
    {
        for (var i = (list?.Count ?? 0) - 1; i >= 0; i--)
            if (values.Any(v => JsonNode.DeepEquals(v, list![i])))
                list!.RemoveAt(i);
    }

    private static JsonArray Ordered(JsonArray list, JsonArray order, Schema schema)
    {
        JsonNode? Identity(JsonNode? item) => schema.ListType == ListType.Map ? item.At(schema.Keys[0]) : item;
        int Rank(JsonNode? item)
        {
            for (var i = 0; i < order.Count; i++)
                if (JsonNode.DeepEquals(Identity(order[i]), Identity(item)))
                    return i;
            return order.Count;
        }
        return new([.. list.OrderBy(Rank).Select(i => i?.DeepClone())]);
    }

    /// <summary>The content of a patch without its directives.</summary>
    private static JsonObject Plain(JsonObject patch) => new(patch.Where(p => p.Key[0..1] is not "$" && p.Value is not null).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
}
