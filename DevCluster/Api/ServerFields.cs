using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>The fields that only the server sets.</summary>
internal static class ServerFields
{
    /// <summary>What a new object gets.</summary>
    public static void Give(Target target, JsonObject o, DateTimeOffset now)
    {
        var metadata = o.Ensure("metadata");
        metadata["uid"] = Guid.CreateVersion7(now).ToString();
        metadata["creationTimestamp"] = Timestamps.Format(now);
        foreach (var field in new[] { "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion" })
            metadata.Remove(field);
        if (target.Type.HasGeneration)
            metadata["generation"] = 1;
    }

    /// <summary>The prefix and five letters; no vowels, so that no words arise.</summary>
    public static string GeneratedName(string prefix)
    {
        const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
        return prefix[..Math.Min(prefix.Length, 58)] + System.Security.Cryptography.RandomNumberGenerator.GetString(Alphabet, 5);
    }

    public static void RefuseOtherUid(Target target, JsonObject before, JsonObject o)
    {
        if (o.StringAt("metadata", "uid") is { Length: > 0 } uid && uid != before.StringAt("metadata", "uid"))
            throw StatusException.Conflict(target.Type.Group, target.Type.Plural, target.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {before.StringAt("metadata", "uid")}");
    }

    /// <summary>What a client cannot change: identity, deletion, and the half of the object that its subresource does not cover.</summary>
    public static JsonObject Keep(Target target, JsonObject before, JsonObject o)
    {
        if (target.Subresource == "status")
        {
            var whole = before.Copy();
            Transfer(o, whole, "status");
            if (o.At("metadata", "managedFields") is { } managed)
                whole.Ensure("metadata")["managedFields"] = managed.DeepClone();
            return whole;
        }
        var (metadata, kept) = (o.Ensure("metadata"), (JsonObject)before["metadata"]!);
        foreach (var field in new[] { "uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion", "generateName" })
            Transfer(kept, metadata, field);
        metadata.Remove("selfLink");
        if (target.Version.HasStatus)
            Transfer(before, o, "status");
        return o;
    }

    private static void Transfer(JsonObject from, JsonObject to, string field)
    {
        if (from.TryGetPropertyValue(field, out var value))
            to[field] = value?.DeepClone();
        else
            to.Remove(field);
    }

    public static void CountGeneration(Target target, JsonObject? before, JsonObject o)
    {
        if (before is null || !target.Type.HasGeneration || target.Subresource == "status")
            return;
        var same = target.Type.IsCustom
            ? before.Select(p => p.Key).Union(o.Select(p => p.Key)).Where(k => k is not "metadata" && !(k == "status" && target.Version.HasStatus)).All(k => JsonNode.DeepEquals(before[k], o[k]))
            : JsonNode.DeepEquals(before["spec"], o["spec"]);
        if (!same)
            o.Ensure("metadata")["generation"] = (before.At("metadata", "generation").AsLong() ?? 0) + 1;
    }

    /// <summary>Drops empty metadata collections, which the API never shows.</summary>
    public static void Tidy(JsonObject o)
    {
        var metadata = o.Ensure("metadata");
        foreach (var field in new[] { "labels", "annotations", "finalizers", "ownerReferences" })
            if (metadata[field] is JsonObject { Count: 0 } or JsonArray { Count: 0 })
                metadata.Remove(field);
    }
}
