using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Health;

/// <summary>Why pods do not start, in the words of the first container that says so.</summary>
internal static class PodReasons
{
    /// <summary>The first reason found, newest pod first; null when no container complains.</summary>
    public static (string Reason, string Message)? First(IEnumerable<KubernetesObject> pods)
    {
        foreach (var pod in pods.Where(pod => !pod.IsTerminating).OrderByDescending(pod => pod.Json.Text("metadata", "creationTimestamp"), StringComparer.Ordinal))
        {
            if (pod.Condition("PodScheduled") is { } scheduled && scheduled.Text("status") == "False")
                return (scheduled.Text("reason") ?? "Unschedulable", $"Pod {pod.Name}: {scheduled.Text("message") ?? "no node takes it."}");
            foreach (var container in pod.Status.Objects("initContainerStatuses").Concat(pod.Status.Objects("containerStatuses")))
                if (Reason(container) is { } reason)
                    return (reason.Reason, $"Container {container.Text("name")}: {reason.Message}");
        }
        return null;
    }

    private static (string Reason, string Message)? Reason(JsonObject container)
    {
        if (container.At("state", "waiting") is { } waiting && waiting.Text("reason") is { } reason and not ("ContainerCreating" or "PodInitializing"))
        {
            // "back-off restarting" says nothing about why: the last end does.
            var ended = Ended(container.At("lastState", "terminated"));
            return (reason, ended is null ? waiting.Text("message") ?? reason : $"{reason}; {ended}");
        }
        if (container.At("state", "terminated") is { } terminated && terminated.Number("exitCode") is not (null or 0))
            return (terminated.Text("reason") ?? "Error", Ended(terminated)!);
        return null;
    }

    private static string? Ended(JsonNode? terminated) => terminated.Number("exitCode") is { } code
        ? string.Create(CultureInfo.InvariantCulture, $"the last run ended with exit code {code} ({terminated.Text("reason") ?? "Error"})")
        : null;
}
