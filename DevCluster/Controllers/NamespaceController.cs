using System.Text.Json.Nodes;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Gives every namespace its default service account and the certificate authority; empties and removes deleted ones.</summary>
internal sealed class NamespaceController(Cluster cluster, string caPem) : IController
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key switch
    {
        { Resource: "/namespaces" } key => [key],
        { Resource: "/serviceaccounts", Name: "default" } or { Resource: "/configmaps", Name: "kube-root-ca.crt" } when change.Type == ChangeType.Deleted => [new("/namespaces", "", change.Object.Key.Namespace)],
        _ => [],
    };

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { } ns)
            return null;
        if (ns.IsDeleting)
            return Empty(ns);
        cluster.Ensure(new("/serviceaccounts", key.Name, "default"), () => new() { ["metadata"] = new JsonObject { ["name"] = "default", ["namespace"] = key.Name } });
        cluster.Ensure(new("/configmaps", key.Name, "kube-root-ca.crt"), () => new()
        {
            ["metadata"] = new JsonObject { ["name"] = "kube-root-ca.crt", ["namespace"] = key.Name }, ["data"] = new JsonObject { ["ca.crt"] = caPem },
        });
        return null;
    }

    private TimeSpan? Empty(StoredObject ns)
    {
        var content = cluster.Store.Resources.Where(r => cluster.Catalog.ByStorageName(r) is { Namespaced: true }).SelectMany(r => cluster.Store.List(r, ns.Key.Name)).ToArray();
        if (content.Length == 0)
        {
            cluster.FinalizeNamespace(ns.Key);
            return null;
        }
        foreach (var o in content.Where(o => !o.IsDeleting))
            cluster.Delete(o, new(GracePeriodSeconds: o.Key.Resource == "/pods" ? 0 : null));
        var held = content.Where(o => o.Finalizers.Any()).SelectMany(o => o.Finalizers).GroupBy(f => f).Select(g => $"{g.Key} in {g.Count()} resource instances").Order(StringComparer.Ordinal).ToArray();
        if (held.Length > 0)
            cluster.SetStatus(ns.Key, status => cluster.SetCondition(status, "NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", $"Some content in the namespace has finalizers remaining: {string.Join(", ", held)}"));
        return Poll;
    }
}
