using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>An <c>App</c> as the cluster has it, whoever wrote it: the Hub link, the Store, or <c>kubectl</c>.</summary>
internal sealed class AppResource(KubernetesObject @object)
{
    public static readonly ResourceKind ResourceKind = new("system.codezero.io/v1", "App");
    private const string DefaultEdition = "latest";

    public KubernetesObject Object { get; } = @object;

    public AppKey Key => new(Object.Namespace ?? "", Object.Name);
    public string Uid => Object.Uid ?? "";
    public string Edition => Object.Label(AppNames.EditionLabel) ?? DefaultEdition;
    public string? Publisher => Object.Annotation(AppNames.PublisherAnnotation);
    public JsonNode? Spec => Object.Spec;
    public AppStatus Status => AppStatus.Read(Object.Status);

    public bool HasFinalizer => Object.Json.Texts("metadata", "finalizers").Contains(AppNames.Finalizer);

    /// <summary>Whether volumes stay when the App goes: <c>spec.provisioner.deprovision.keep-vol</c>, true unless it says false.</summary>
    public bool KeepsVolumes => Spec.Flag("provisioner", "deprovision", "keep-vol") ?? true;

    /// <summary>Put on what Kubernetes shall collect when the App is gone, should the agent not be there to do it.</summary>
    public JsonObject OwnerReference() => new()
    {
        ["apiVersion"] = ResourceKind.ApiVersion,
        ["kind"] = ResourceKind.Kind,
        ["name"] = Key.Name,
        ["uid"] = Uid,
    };

    /// <summary>All of an App that a reconcile depends on: when it is as before, only the status was written.</summary>
    public string Essence => new JsonArray(
        Uid, Object.Generation, Object.Metadata["labels"]?.DeepClone(), Object.Metadata["annotations"]?.DeepClone(), Object.IsTerminating).ToJsonString();
}
