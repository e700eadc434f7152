using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Auth;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Resources.Kinds;

/// <summary>What single kinds ask for beyond their schema: values the server completes, and rules between fields.</summary>
internal sealed class KindRules(ObjectStore store, ResourceCatalog catalog, Rbac rbac)
{
    private readonly ServiceRules services = new(store);

    /// <summary>Completes the object before it is validated. It must come to the same result when done twice.</summary>
    public void Prepare(ResourceType type, JsonObject o, JsonObject? before, DateTimeOffset now)
    {
        switch (type.StorageName)
        {
            case "/namespaces":
                NamespaceRules.Prepare(o, before);
                break;
            case "/secrets":
                ConfigRules.PrepareSecret(o);
                break;
            case "/services":
                services.Prepare(o, before);
                break;
            case "/pods":
                PodRules.PreparePod(o, before);
                break;
            case "/persistentvolumeclaims":
                ClaimRules.Prepare(o, before, store);
                break;
            case "apps/deployments" or "apps/replicasets" or "apps/statefulsets" or "apps/daemonsets" or "batch/jobs" or "batch/cronjobs":
                WorkloadRules.Prepare(type, o, before);
                break;
            case "networking.k8s.io/networkpolicies":
                NetworkRules.PreparePolicy(o);
                break;
            case "rbac.authorization.k8s.io/rolebindings" or "rbac.authorization.k8s.io/clusterrolebindings":
                RbacRules.PrepareBinding(o);
                break;
            case CustomResources.StorageName:
                CustomResources.Prepare(o, before, now);
                break;
        }
    }

    public IEnumerable<FieldError> Validate(ResourceType type, JsonObject o, JsonObject? before, string? subresource) => subresource == "status" ? [] : type.StorageName switch
    {
        "/configmaps" or "/secrets" => ConfigRules.Validate(o, before),
        "/services" => ServiceRules.Validate(o, before),
        "/pods" => PodRules.ValidatePod(o, before),
        "/persistentvolumeclaims" => ClaimRules.Validate(o, before),
        "apps/deployments" or "apps/replicasets" or "apps/statefulsets" or "apps/daemonsets" or "batch/jobs" or "batch/cronjobs" => WorkloadRules.Validate(type, o, before),
        "networking.k8s.io/ingresses" => NetworkRules.ValidateIngress(o),
        "rbac.authorization.k8s.io/rolebindings" or "rbac.authorization.k8s.io/clusterrolebindings" => RbacRules.ValidateBinding(type, o, before),
        CustomResources.StorageName => CustomResources.Validate(o, before, catalog),
        _ => [],
    };

    /// <summary>Refuses (403) an apply that would create what the user may only patch.</summary>
    public void AuthorizeCreate(Target target, User user)
    {
        var access = new AccessRequest("create", target.Type.Group, target.Type.Plural, Namespace: target.Namespace, Name: target.Name);
        if (!rbac.Allows(user, access))
            throw ApiPipeline.Denied(user, access);
    }

    /// <summary>Refuses (403) what the user may not grant, and pods of service accounts that do not exist.</summary>
    public void Authorize(Target target, JsonObject o, JsonObject? before, User user)
    {
        if (target.Type.Group == "rbac.authorization.k8s.io")
            rbac.RefuseEscalation(target, o, before, user);
        else if (target.Type.StorageName == "/pods" && before is null && o.StringAt("spec", "serviceAccountName") is { } account and not "default"
            && store.Get(new("/serviceaccounts", target.Namespace, account)) is null)
            throw target.Forbidden($"error looking up service account {target.Namespace}/{account}: serviceaccount \"{account}\" not found");
    }
}
