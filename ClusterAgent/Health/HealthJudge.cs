using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Health;

/// <summary>How an object is, as kstatus names it; a later one outweighs the earlier ones.</summary>
internal enum HealthState
{
    /// <summary>What is desired is so.</summary>
    Current,

    /// <summary>On the way there.</summary>
    InProgress,

    /// <summary>It will not get there without somebody doing something.</summary>
    Failed,
}

/// <param name="Reason">One word for programs, such as <c>ImagePullBackOff</c>; empty when current.</param>
/// <param name="Message">A sentence for people; empty when current.</param>
internal sealed record Health(HealthState State, string Reason = "", string Message = "")
{
    public static readonly Health Current = new(HealthState.Current);

    public static Health InProgress(string reason, string message) => new(HealthState.InProgress, reason, message);

    public static Health Failed(string reason, string message) => new(HealthState.Failed, reason, message);
}

/// <summary>Judges one object by what its controllers have written into its status. Pure; the rules are those of kstatus.</summary>
internal static class HealthJudge
{
    /// <param name="live">The object as the server has it; null when it is not there.</param>
    public static Health Judge(KubernetesObject? live)
    {
        if (live is null)
            return Health.InProgress("NotFound", "The object is not there yet.");
        if (live.IsTerminating)
            return Health.InProgress("Terminating", $"{live} is being deleted.");
        return live.Kind switch
        {
            _ when live.Kind == ResourceKind.Deployment => Deployment(live),
            _ when live.Kind == ResourceKind.StatefulSet => StatefulSet(live),
            _ when live.Kind == ResourceKind.DaemonSet => DaemonSet(live),
            _ when live.Kind == ResourceKind.Job => Job(live),
            _ when live.Kind == ResourceKind.PersistentVolumeClaim => Claim(live),
            _ when live.Kind == ResourceKind.Service => Service(live),
            _ when live.Kind == ResourceKind.Pod => Pod(live),
            _ when live.Kind == ResourceKind.CustomResourceDefinition => Definition(live),
            _ when live.Kind == ResourceKind.Namespace => Phase(live, "Active"),
            _ => Other(live),
        };
    }

    /// <summary>Whether the next wave may build on the object: it is there, and its controller has seen this version of it.</summary>
    public static bool IsEstablished(KubernetesObject live)
    {
        if (live.IsTerminating)
            return false;
        if (live.Kind == ResourceKind.CustomResourceDefinition || live.Kind == ResourceKind.Namespace)
            return Judge(live).State == HealthState.Current;
        if (live.Kind == ResourceKind.Deployment || live.Kind == ResourceKind.StatefulSet || live.Kind == ResourceKind.DaemonSet)
            return Observed(live) is null;
        return true;
    }

    private static Health Deployment(KubernetesObject live)
    {
        if (Observed(live) is { } waiting)
            return waiting;
        if (live.Condition("Progressing") is { } progressing && progressing.Text("reason") == "ProgressDeadlineExceeded")
            return Health.Failed("ProgressDeadlineExceeded", progressing.Text("message") ?? $"{live} made no progress within its deadline.");
        if (live.Condition("ReplicaFailure") is { } failure && failure.Text("status") == "True")
            return Health.Failed(failure.Text("reason") ?? "ReplicaFailure", failure.Text("message") ?? $"The pods of {live} cannot be created.");

        var desired = live.Spec.Number("replicas") ?? 1;
        var (total, updated, available, ready) = (Count(live, "replicas"), Count(live, "updatedReplicas"), Count(live, "availableReplicas"), Count(live, "readyReplicas"));
        if (updated < desired)
            return Rolling(live, $"{updated} of {desired} pods have the new version");
        if (total > updated)
            return Rolling(live, $"{total - updated} pods of the old version have not ended");
        if (available < updated || ready < desired)
            return Rolling(live, $"{Math.Min(available, ready)} of {desired} pods are available");
        return live.Condition("Available") is { } condition && condition.Text("status") != "True"
            ? Rolling(live, condition.Text("message") ?? "not available")
            : Health.Current;
    }

    private static Health StatefulSet(KubernetesObject live)
    {
        if (Observed(live) is { } waiting)
            return waiting;
        if (live.Spec.Text("updateStrategy", "type") == "OnDelete")
            return Health.Current;
        var desired = live.Spec.Number("replicas") ?? 1;
        if (Count(live, "readyReplicas") < desired)
            return Rolling(live, $"{Count(live, "readyReplicas")} of {desired} pods are ready");
        if (live.Spec.Number("updateStrategy", "rollingUpdate", "partition") is null or 0 && live.Status.Text("currentRevision") != live.Status.Text("updateRevision"))
            return Rolling(live, $"{Count(live, "updatedReplicas")} of {desired} pods have the new version");
        return Health.Current;
    }

    private static Health DaemonSet(KubernetesObject live)
    {
        if (Observed(live) is { } waiting)
            return waiting;
        var desired = Count(live, "desiredNumberScheduled");
        foreach (var count in (ReadOnlySpan<string>)["updatedNumberScheduled", "numberAvailable", "numberReady"])
            if (Count(live, count) < desired)
                return Rolling(live, $"{Count(live, count)} of {desired} in {count}");
        return Health.Current;
    }

    private static Health Job(KubernetesObject live)
    {
        if (live.Condition("Failed") is { } failed && failed.Text("status") == "True")
            return Health.Failed(failed.Text("reason") ?? "JobFailed", failed.Text("message") ?? $"{live} failed.");
        return live.Condition("Complete")?.Text("status") == "True" ? Health.Current : Health.InProgress("JobRunning", $"{live} has not completed.");
    }

    private static Health Claim(KubernetesObject live) => live.Status.Text("phase") switch
    {
        "Bound" => Health.Current,
        "Lost" => Health.Failed("ClaimLost", $"The volume of {live} is gone. Restore it, or delete the claim to start with an empty one."),
        _ => Health.InProgress("ClaimPending", $"{live} is not bound to a volume. Is there a default StorageClass (kubectl get storageclass)?"),
    };

    private static Health Service(KubernetesObject live) =>
        live.Spec.Text("type") == "LoadBalancer" && !live.Status.Objects("loadBalancer", "ingress").Any()
            ? Health.InProgress("LoadBalancerPending", $"{live} waits for an address from the cluster's load balancer.")
            : Health.Current;

    private static Health Pod(KubernetesObject live) => live.Status.Text("phase") switch
    {
        "Succeeded" => Health.Current,
        "Running" when live.Condition("Ready")?.Text("status") == "True" => Health.Current,
        "Failed" => Health.Failed(live.Status.Text("reason") ?? "PodFailed", live.Status.Text("message") ?? $"{live} failed."),
        _ => PodReasons.First([live]) is { } reason ? Health.InProgress(reason.Reason, reason.Message) : Health.InProgress("PodStarting", $"{live} is starting."),
    };

    private static Health Definition(KubernetesObject live)
    {
        if (live.Condition("NamesAccepted") is { } names && names.Text("status") == "False")
            return Health.Failed("NamesNotAccepted", names.Text("message") ?? $"The names of {live} are taken.");
        return live.Condition("Established")?.Text("status") == "True" ? Health.Current : Health.InProgress("NotEstablished", $"{live} is not established.");
    }

    private static Health Phase(KubernetesObject live, string expected) =>
        live.Status.Text("phase") is { } phase && phase != expected ? Health.InProgress(phase, $"{live} is {phase}.") : Health.Current;

    /// <summary>Kinds without rules of their own: the conditions that the API conventions name, where they are used.</summary>
    private static Health Other(KubernetesObject live)
    {
        if (live.Status is null)
            return Health.Current;
        if (Observed(live, required: false) is { } waiting)
            return waiting;
        if (live.Condition("Stalled") is { } stalled && stalled.Text("status") == "True")
            return Health.Failed(stalled.Text("reason") ?? "Stalled", stalled.Text("message") ?? $"{live} is stalled.");
        if (live.Condition("Ready") is { } ready && ready.Text("status") != "True")
            return Health.InProgress(ready.Text("reason") ?? "NotReady", ready.Text("message") ?? $"{live} is not ready.");
        return Health.Current;
    }

    private static Health? Observed(KubernetesObject live, bool required = true) =>
        (live.Status.Number("observedGeneration") ?? (required ? 0 : live.Generation)) < live.Generation
            ? Health.InProgress("NotObserved", $"The controller of {live} has not seen this version of it yet.")
            : null;

    private static Health Rolling(KubernetesObject live, string detail) => Health.InProgress("RollingOut", $"{live}: {detail}.");

    private static long Count(KubernetesObject live, string name) => live.Status.Number(name) ?? 0;
}
