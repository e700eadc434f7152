using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.ClusterAgent.Policy;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>
/// Decides whether Apps may live in a namespace, and gives it the service account through which they are written. A namespace is CodeZero's when it carries
/// the managed-by label; one without the label is taken when nothing else is in it, or when the local policy lists it by name.
/// </summary>
internal sealed class NamespaceGate(IClusterApi api, TimeProvider clock)
{
    private static readonly TimeSpan IdentityLife = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan IdentityGrace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdentityPoll = TimeSpan.FromMilliseconds(100);
    private static readonly WriteOptions Write = new(AppNames.FieldManager);
    private static readonly ResourceKind[] Occupants = [ResourceKind.Pod, ResourceKind.Service, ResourceKind.PersistentVolumeClaim, ResourceKind.Deployment, ResourceKind.StatefulSet];

    private readonly ConcurrentDictionary<string, long> _identities = new(StringComparer.Ordinal);

    /// <summary>Why Apps may not live there; null when they may.</summary>
    public async Task<AppProblem?> RefuseAsync(string ns, LocalPolicy policy, CancellationToken ct)
    {
        var live = await api.FindAsync(new(ResourceKind.Namespace, null, ns), ct);
        if (live is null || live.IsTerminating)
            return new("namespace.gone", $"Namespace {ns}", "The namespace is not there, or is being deleted.");
        if (live.Label(AppNames.ManagedByLabel) == AppNames.ManagedByValue || PolicyCheck.ListsNamespace(policy, ns))
            return null;
        foreach (var kind in Occupants)
            if ((await api.ListAsync(kind, new(ns, $"{AppNames.ManagedByLabel}!={AppNames.ManagedByValue}"), ct, limit: 1)).Items is [var occupant, ..])
                return new("namespace.foreign", $"Namespace {ns}",
                    $"It is not CodeZero's, and holds other things ({occupant}). Install into a namespace of its own, or list {ns} under namespaces.allowed in {LocalPolicy.ConfigMapName}.");
        await api.PatchAsync(live.Ref, PatchType.Merge, ManagedBy(), Write, ct);
        return null;
    }

    /// <summary>Creates the namespace as CodeZero's, when there is none.</summary>
    public async Task CreateIfAbsentAsync(string ns, CancellationToken ct)
    {
        var target = new ObjectRef(ResourceKind.Namespace, null, ns);
        if (await api.FindAsync(target, ct) is not null)
            return;
        var desired = new KubernetesObject(target.Kind, null, ns);
        desired.Metadata["labels"] = ManagedBy()["metadata"]!["labels"]!.DeepClone();
        try
        {
            await api.CreateAsync(desired, Write, ct);
        }
        catch (ClusterApiException e) when (e.AlreadyExists)
        {
        }
    }

    /// <summary>The API as the namespace's own service account, which is created with the <c>edit</c> role where it is missing.</summary>
    public async Task<IClusterApi> ActInAsync(string ns, CancellationToken ct)
    {
        if (!_identities.TryGetValue(ns, out var at) || clock.GetElapsedTime(at) > IdentityLife)
        {
            await api.ApplyAsync(ServiceAccount(ns), Write, ct);
            await api.ApplyAsync(Binding(ns), Write, ct);
            _identities[ns] = clock.GetTimestamp();
        }
        return api.As(ns, AppNames.ServiceAccount);
    }

    /// <summary>Does a piece of work as the namespace's own service account, and again while its refusal may only mean that the API server has not heard of the role yet.</summary>
    /// <param name="work">May be done more than once.</param>
    public async Task WorkInAsync(string ns, Func<IClusterApi, Task> work, CancellationToken ct)
    {
        for (; ; await Task.Delay(IdentityPoll, clock, ct))
        {
            var asApp = await ActInAsync(ns, ct);
            try
            {
                await work(asApp);
                return;
            }
            catch (ClusterApiException e) when (e.Code == HttpStatusCode.Forbidden && MayNotKnowYet(ns))
            {
            }
        }
    }

    /// <summary>A refusal so soon after the role was granted may only mean that the API server has not heard of it yet. Later it means that the role is gone.</summary>
    public bool MayNotKnowYet(string ns)
    {
        if (_identities.TryGetValue(ns, out var at) && clock.GetElapsedTime(at) < IdentityGrace)
            return true;
        _identities.TryRemove(ns, out _);
        return false;
    }

    private static KubernetesObject ServiceAccount(string ns)
    {
        var account = new KubernetesObject(ResourceKind.ServiceAccount, ns, AppNames.ServiceAccount);
        account.Metadata["labels"] = ManagedBy()["metadata"]!["labels"]!.DeepClone();
        account.Json["automountServiceAccountToken"] = false;
        return account;
    }

    private static KubernetesObject Binding(string ns)
    {
        var binding = new KubernetesObject(ResourceKind.RoleBinding, ns, AppNames.ServiceAccount);
        binding.Metadata["labels"] = ManagedBy()["metadata"]!["labels"]!.DeepClone();
        binding.Json["roleRef"] = new JsonObject { ["apiGroup"] = ResourceKind.Role.Group, ["kind"] = "ClusterRole", ["name"] = "edit" };
        binding.Json["subjects"] = new JsonArray(new JsonObject { ["kind"] = "ServiceAccount", ["name"] = AppNames.ServiceAccount, ["namespace"] = ns });
        return binding;
    }

    private static JsonObject ManagedBy() => new()
    {
        ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [AppNames.ManagedByLabel] = AppNames.ManagedByValue } },
    };
}
