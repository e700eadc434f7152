using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Counts what disruption budgets protect.</summary>
internal sealed class DisruptionController(Cluster cluster) : IController
{
    private const string Budgets = "policy/poddisruptionbudgets";

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource switch
    {
        Budgets => [change.Object.Key],
        "/pods" => cluster.Store.List(Budgets, change.Object.Key.Namespace).Select(b => b.Key),
        _ => [],
    };

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { IsDeleting: false } budget || LabelSelector.FromObject(budget.Value.At("spec", "selector")) is not { } selector)
            return null;
        var pods = cluster.Store.List("/pods", key.Namespace).Where(p => !p.IsDeleting && selector.Matches(p.Value.At("metadata", "labels") as JsonObject)).ToArray();
        var healthy = pods.Count(p => Kubelet.IsReady(p.Value));
        var desired = budget.Value.At("spec", "minAvailable") is { } least ? Scaled(least, pods.Length, roundUp: true)
            : pods.Length - Scaled(budget.Value.At("spec", "maxUnavailable"), pods.Length, roundUp: true);
        cluster.SetStatus(key, status =>
        {
            (status["currentHealthy"], status["desiredHealthy"], status["expectedPods"]) = (healthy, Math.Max(desired, 0), pods.Length);
            status["disruptionsAllowed"] = Math.Max(0, healthy - desired);
            status["observedGeneration"] = budget.Value.At("metadata", "generation")?.DeepClone();
            var allowed = healthy > desired;
            cluster.SetCondition(status, "DisruptionAllowed", allowed ? "True" : "False", allowed ? "SufficientPods" : "InsufficientPods", "");
            foreach (var condition in status.ObjectsAt("conditions"))
                condition["message"] ??= "";
        });
        return null;
    }

    /// <summary>An absolute number, or a percentage of the total.</summary>
    public static int Scaled(JsonNode? value, int total, bool roundUp)
    {
        if (value.AsString() is { } text && text.EndsWith('%') && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var percent))
            return roundUp ? (int)Math.Ceiling(percent * total / 100.0) : percent * total / 100;
        return value.AsInt();
    }
}
