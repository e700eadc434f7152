using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Keeps the rules of aggregated cluster roles.</summary>
internal sealed class RoleAggregation(Cluster cluster) : IController
{
    private const string Roles = "rbac.authorization.k8s.io/clusterroles";

    public IEnumerable<ObjectKey> Touched(StoreEvent change) =>
        change.Object!.Key.Resource == Roles ? cluster.Store.List(Roles).Where(r => r.Value["aggregationRule"] is not null).Select(r => r.Key) : [];

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { } role || role.Value["aggregationRule"] is null)
            return null;
        var selectors = role.Value.ObjectsAt("aggregationRule", "clusterRoleSelectors").Select(LabelSelector.FromObject).OfType<LabelSelector>().ToArray();
        var rules = new JsonArray();
        foreach (var part in cluster.Store.List(Roles).Where(r => r.Key != key && selectors.Any(s => s.Matches(r.Value.At("metadata", "labels") as JsonObject))))
            foreach (var rule in part.Value.ObjectsAt("rules").Where(rule => !rules.Any(known => JsonNode.DeepEquals(known, rule))))
                rules.Add(rule.DeepClone());
        if (!JsonNode.DeepEquals(rules, role.Value["rules"] ?? new JsonArray()))
            cluster.Modify(key, live =>
            {
                live["rules"] = rules;
                return true;
            });
        return null;
    }
}
