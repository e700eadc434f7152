using System.Text.Json.Nodes;
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

    public static bool IsActive(StoredObject pod) => !pod.IsDeleting && pod.Value.StringAt("status", "phase") is not ("Succeeded" or "Failed");
}
