using System.Text.Json.Nodes;
using CodeZero.DevCluster.Resources;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Api;

/// <summary>How a DELETE changes the object before it disappears.</summary>
internal static class Deletion
{
    public const string ForegroundFinalizer = "foregroundDeletion";
    public const string OrphanFinalizer = "orphan";

    private static readonly string[] SystemNamespaces = ["default", "kube-system", "kube-public"];

    public static void RefuseSystemNamespace(Target target)
    {
        if (target.Type.StorageName == "/namespaces" && SystemNamespaces.Contains(target.Name))
            throw target.Forbidden("this namespace may not be deleted");
    }

    /// <summary>Sets the deletion time, the grace period and the finalizer that the propagation policy asks for.</summary>
    public static void Mark(JsonObject o, ResourceType type, DeleteOptions options, DateTimeOffset now)
    {
        var metadata = o.Ensure("metadata");
        SetFinalizers(metadata, options.Propagation);
        var grace = Grace(o, type, options);
        var already = metadata.StringAt("deletionTimestamp") is not null;
        if (!already || grace < (metadata["deletionGracePeriodSeconds"].AsLong() ?? 0))
        {
            metadata["deletionTimestamp"] = Timestamps.Format(now.AddSeconds(grace));
            metadata["deletionGracePeriodSeconds"] = grace;
        }
        if (!already && type.HasGeneration)
            metadata["generation"] = (metadata["generation"].AsLong() ?? 0) + 1;
        if (type.StorageName == "/namespaces")
            o.Ensure("status")["phase"] = "Terminating";
    }

    private static void SetFinalizers(JsonObject metadata, Propagation? propagation)
    {
        if (propagation is null)
            return;
        var others = (metadata["finalizers"] as JsonArray)?.Select(f => f.AsString() ?? "").Where(f => f is not (ForegroundFinalizer or OrphanFinalizer)).ToList() ?? [];
        if (propagation == Propagation.Foreground)
            others.Add(ForegroundFinalizer);
        else if (propagation == Propagation.Orphan)
            others.Add(OrphanFinalizer);
        if (others.Count == 0)
            metadata.Remove("finalizers");
        else
            metadata["finalizers"] = new JsonArray([.. others.Select(f => (JsonNode)f)]);
    }

    /// <summary>Seconds a pod may take to stop. Everything else, and a pod that never ran or has ended, goes at once.</summary>
    private static long Grace(JsonObject o, ResourceType type, DeleteOptions options)
    {
        if (type.StorageName != "/pods" || o.StringAt("spec", "nodeName") is not { Length: > 0 } || o.StringAt("status", "phase") is "Succeeded" or "Failed")
            return 0;
        return Math.Max(0, options.GracePeriodSeconds ?? o.At("spec", "terminationGracePeriodSeconds").AsLong() ?? 30);
    }
}
