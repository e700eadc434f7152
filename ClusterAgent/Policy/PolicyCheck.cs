using System.IO.Enumeration;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Policy;

/// <summary>Holds an App and its rendered objects to the local policy. Pure; run before the first write.</summary>
internal static class PolicyCheck
{
    /// <summary>Kubernetes' own namespaces: never an App's, whatever the policy allows.</summary>
    private static readonly string[] ReservedNamespaces = ["kube-system", "kube-public", "kube-node-lease"];

    /// <summary>Whether Apps of this publisher may be in this namespace at all.</summary>
    public static IEnumerable<PolicyRefusal> App(LocalPolicy policy, string ns, string agentNamespace, string? publisher)
    {
        if (ReservedNamespaces.Contains(ns) || ns == agentNamespace)
            yield return new("policy.namespaces", null, "metadata.namespace", $"The namespace {ns} belongs to the cluster itself. Install into another one.");
        else if (!policy.Namespaces.Permits(pattern => Matches(pattern, ns)))
            yield return new("policy.namespaces", null, "metadata.namespace",
                $"The local policy does not allow Apps in the namespace {ns}. Choose another one, or change \"namespaces\" in {LocalPolicy.ConfigMapName}.");

        if (policy.Publishers.Allowed is not null && publisher is null)
            yield return new("policy.publishers", null, "",
                $"The local policy allows only certain publishers, and this App names none. Install it through the Hub, or change \"publishers\" in {LocalPolicy.ConfigMapName}.");
        else if (publisher is not null && !policy.Publishers.Permits(pattern => Matches(pattern, publisher)))
            yield return new("policy.publishers", null, "",
                $"The local policy does not allow applications of the publisher {publisher}. Change \"publishers\" in {LocalPolicy.ConfigMapName} to allow them.");
    }

    /// <summary>Whether the policy lists the namespace by name, so that Apps may share it with other things.</summary>
    public static bool ListsNamespace(LocalPolicy policy, string ns) => policy.Namespaces.Lists(pattern => Matches(pattern, ns));

    /// <param name="isNamespaced">How the cluster serves a kind; null when it does not serve it.</param>
    public static IEnumerable<PolicyRefusal> Objects(
        LocalPolicy policy, string ns, IEnumerable<KubernetesObject> rendered, Func<ResourceKind, bool?> isNamespaced)
    {
        foreach (var item in rendered)
        {
            if (!policy.Kinds.Permits(pattern => Names(pattern, item.Kind)))
                yield return Refuse("kinds", item, "kind", $"The local policy does not allow objects of the kind {item.Kind.Kind}.");
            switch (isNamespaced(item.Kind))
            {
                case null:
                    yield return new("policy.kinds", item.Ref, "kind", $"The cluster does not serve {item.Kind}. Install what defines it first.");
                    break;
                case false when !policy.ClusterScoped.Any(pattern => Names(pattern, item.Kind)):
                    yield return Refuse("clusterScoped", item, "kind", $"{item.Kind.Kind} objects belong to the whole cluster, and the local policy does not list them.");
                    break;
                case true when item.Namespace != ns:
                    yield return new("policy.namespaces", item.Ref, "metadata.namespace", $"An App may only write into its own namespace {ns}.");
                    break;
            }
            foreach (var refusal in PodPolicy.Check(policy, item).Concat(RbacPolicy.Check(policy, item)))
                yield return refusal;
        }
    }

    internal static PolicyRefusal Refuse(string rule, KubernetesObject item, string field, string what) =>
        new($"policy.{rule}", item.Ref, field, $"{what} Change \"{rule}\" in {LocalPolicy.ConfigMapName} to allow it.");

    internal static bool Matches(string pattern, string text) => FileSystemName.MatchesSimpleExpression(pattern, text, ignoreCase: false);

    private static bool Names(string pattern, ResourceKind kind) =>
        pattern == "*" || pattern == kind.Kind || pattern == $"{kind.Group}/{kind.Kind}" || pattern == $"{kind.Group}/*";
}
