using System.Text.Json.Nodes;

namespace CodeZero.ClusterAgent.Kubernetes;

/// <summary>How a kind is reached: <c>/apis/apps/v1</c>, <c>deployments</c>, namespaced.</summary>
internal sealed record ResourceMapping(string BasePath, string Plural, bool Namespaced);

/// <summary>Which objects of a kind are meant. <paramref name="Namespace"/> null is all of them. Selectors are written as in the API.</summary>
internal sealed record ListScope(string? Namespace = null, string? LabelSelector = null, string? FieldSelector = null);

/// <summary>A whole list, all pages of it, and the version from which a watch goes on.</summary>
internal sealed record ObjectList(IReadOnlyList<KubernetesObject> Items, string ResourceVersion);

internal enum WatchEventType
{
    Added,
    Modified,
    Deleted,

    /// <summary>Nothing happened up to this object's resource version.</summary>
    Bookmark,
}

internal sealed record WatchEvent(WatchEventType Type, KubernetesObject Object);

/// <param name="Manager">The field manager in whose name fields are written.</param>
/// <param name="DryRun">The server checks and admits the write, and keeps nothing.</param>
/// <param name="Subresource">Such as <c>status</c>.</param>
/// <param name="Force">In a server-side apply: takes over fields that other managers hold with other values. Only for what is the agent's own.</param>
internal sealed record WriteOptions(string Manager, bool DryRun = false, string? Subresource = null, bool Force = false);

internal enum Propagation
{
    Background,
    Foreground,
    Orphan,
}

/// <param name="Uid">When given, only the object with this uid is deleted; another one of the same name stays, as a conflict.</param>
internal sealed record DeleteOptions(string? Uid = null, Propagation Propagation = Propagation.Background);

internal enum PatchType
{
    /// <summary>RFC 7396.</summary>
    Merge,

    /// <summary>RFC 6902.</summary>
    Json,
}

/// <summary>
/// The Kubernetes API as the agent uses it: the one seam towards a cluster. Every method throws <see cref="ClusterApiException"/> when the
/// server refuses, and <see cref="HttpRequestException"/> or <see cref="TimeoutException"/> when it cannot be reached.
/// </summary>
internal interface IClusterApi
{
    /// <summary>The same API, acting as a service account (Kubernetes "User impersonation"): its rights apply, not the agent's.</summary>
    IClusterApi As(string ns, string serviceAccount);

    /// <summary>The cluster's version, such as <c>v1.32.4</c>, with the vendor's mark where there is one.</summary>
    Task<string> GetVersionAsync(CancellationToken ct);

    /// <summary>How the cluster serves a kind; null when it does not.</summary>
    Task<ResourceMapping?> FindMappingAsync(ResourceKind kind, CancellationToken ct);

    /// <summary>The object, or null when there is none.</summary>
    Task<KubernetesObject?> FindAsync(ObjectRef target, CancellationToken ct);

    /// <summary>All objects in the scope, fetched page by page; with <paramref name="limit"/>, at most so many.</summary>
    Task<ObjectList> ListAsync(ResourceKind kind, ListScope scope, CancellationToken ct, int? limit = null);

    /// <summary>Changes after <paramref name="resourceVersion"/>, until the server ends the stream (which it does every few minutes).</summary>
    IAsyncEnumerable<WatchEvent> WatchAsync(ResourceKind kind, ListScope scope, string resourceVersion, CancellationToken ct);

    /// <summary>Server-side apply. A field that another manager holds with another value is a conflict, unless the write is forced.</summary>
    Task<KubernetesObject> ApplyAsync(KubernetesObject desired, WriteOptions options, CancellationToken ct);

    Task<KubernetesObject> CreateAsync(KubernetesObject desired, WriteOptions options, CancellationToken ct);

    /// <summary>Replaces the object; with <c>metadata.resourceVersion</c> set, only if nobody changed it since.</summary>
    Task<KubernetesObject> UpdateAsync(KubernetesObject desired, WriteOptions options, CancellationToken ct);

    Task<KubernetesObject> PatchAsync(ObjectRef target, PatchType type, JsonNode patch, WriteOptions options, CancellationToken ct);

    /// <summary>Asks for deletion. An object that is not there is no error.</summary>
    Task DeleteAsync(ObjectRef target, DeleteOptions options, CancellationToken ct);
}
