using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Pods made from a controller's template.</summary>
internal static class PodTemplates
{
    public static JsonObject ToPod(StoredObject owner, JsonNode? template, string? name)
    {
        var pod = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod" };
        var metadata = pod.Ensure("metadata");
        foreach (var field in new[] { "labels", "annotations", "finalizers" })
            if (template.At("metadata", field) is { } value)
                metadata[field] = value.DeepClone();
        metadata["namespace"] = owner.Key.Namespace;
        if (name is null)
            metadata["generateName"] = $"{owner.Key.Name}-";
        else
            metadata["name"] = name;
        metadata["ownerReferences"] = new JsonArray(Cluster.OwnerReference(owner));
        pod["spec"] = template.At("spec")?.DeepClone();
        return pod;
    }

    /// <summary>The controller of a written object, when it is of this resource; also the owner before the write.</summary>
    public static IEnumerable<ObjectKey> OwnerOf(StoreEvent change, string resource, string kind)
    {
        foreach (var o in new[] { change.Object, change.Previous })
            if (o is not null && Cluster.ControllerOf(o) is { } owner && owner.StringAt("kind") == kind)
                yield return new(resource, o.Key.Namespace, owner.StringAt("name") ?? "");
    }

    /// <summary>Takes over objects that match the owner's selector and have no controller.</summary>
    public static void Adopt(Cluster cluster, StoredObject owner, string resource)
    {
        if (LabelSelector.FromObject(owner.Value.At("spec", "selector")) is not { IsEmpty: false } selector)
            return;
        foreach (var orphan in cluster.Store.List(resource, owner.Key.Namespace)
            .Where(o => IsActive(o) && Cluster.ControllerOf(o) is null && selector.Matches(o.Value.At("metadata", "labels") as JsonObject)).ToArray())
            cluster.Modify(orphan.Key, live =>
            {
                live.Ensure("metadata").EnsureArray("ownerReferences").Add(Cluster.OwnerReference(owner));
                return true;
            });
    }

    public static bool IsActive(StoredObject pod) => !pod.IsDeleting && pod.Value.StringAt("status", "phase") is not ("Succeeded" or "Failed");
}
