using System.Text.Json.Nodes;
using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>Between the version a client speaks and the one that is stored. Only events differ in more than the apiVersion.</summary>
internal static class VersionConversion
{
    private static readonly (string Core, string Named)[] EventFields =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"), ("count", "deprecatedCount"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("reportingComponent", "reportingController"),
    ];

    /// <summary>Changes the object in place to the form it is stored in.</summary>
    public static JsonObject ToStorage(JsonObject o, ResourceType type)
    {
        if (type.Group != "events.k8s.io")
        {
            o["apiVersion"] = type.ApiVersion(type.StorageVersion);
            return o;
        }
        foreach (var (core, named) in EventFields)
            Rename(o, named, core);
        o["apiVersion"] = "v1";
        return o;
    }

    /// <summary>The stored object in a version; the same instance when nothing differs.</summary>
    public static JsonObject FromStorage(JsonObject stored, ResourceType type, string version)
    {
        var apiVersion = type.ApiVersion(version);
        if (stored.StringAt("apiVersion") == apiVersion)
            return stored;
        var o = stored.Copy();
        if (type.Group == "events.k8s.io")
            foreach (var (core, named) in EventFields)
                Rename(o, core, named);
        o["apiVersion"] = apiVersion;
        return o;
    }

    private static void Rename(JsonObject o, string from, string to)
    {
        if (!o.TryGetPropertyValue(from, out var value))
            return;
        o.Remove(from);
        o[to] = value?.DeepClone();
    }
}
