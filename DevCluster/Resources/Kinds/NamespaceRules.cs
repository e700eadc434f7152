using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Resources.Kinds;

internal static class NamespaceRules
{
    public const string Finalizer = "kubernetes";

    public static void Prepare(JsonObject o, JsonObject? before)
    {
        o.Ensure("metadata").Ensure("labels")["kubernetes.io/metadata.name"] = o.StringAt("metadata", "name");
        if (before is null)
        {
            o["spec"] = new JsonObject { ["finalizers"] = new JsonArray(Finalizer) };
            o["status"] = new JsonObject { ["phase"] = "Active" };
        }
        else if (before.At("spec", "finalizers") is { } finalizers)
            o.Ensure("spec")["finalizers"] = finalizers.DeepClone();       // only the namespace controller removes them, through /finalize
    }
}
