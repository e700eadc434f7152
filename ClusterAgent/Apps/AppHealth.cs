using CodeZero.ClusterAgent.Health;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Apps;

/// <summary>The health of an App as a whole: the worst of its objects, with the words of the container that is in the way.</summary>
internal sealed record AppHealth(HealthState State, IReadOnlyList<AppProblem> Problems, int Ready, int Total, IReadOnlyList<RunningImage> Images)
{
    /// <summary>Pure.</summary>
    /// <param name="pods">The App's pods.</param>
    /// <param name="overdue">The deadline has passed: what is not healthy now has failed.</param>
    public static AppHealth Judge(IReadOnlyList<(ObjectRef Ref, KubernetesObject? Live)> objects, IReadOnlyList<KubernetesObject> pods, bool overdue)
    {
        var judged = objects.Select(item => (item.Ref, Health: HealthJudge.Judge(item.Live))).ToList();
        var worst = judged.Select(item => item.Health.State).DefaultIfEmpty(HealthState.Current).Max();
        var reason = worst == HealthState.Current ? null : PodReasons.First(pods);
        var problems = judged
            .Where(item => item.Health.State != HealthState.Current)
            .OrderByDescending(item => item.Health.State)
            .Select(item => reason is { } pod && RunsPods(item.Ref.Kind)
                ? new AppProblem("health." + pod.Reason, item.Ref.ToString(), pod.Message)
                : new AppProblem("health." + item.Health.Reason, item.Ref.ToString(), item.Health.Message))
            // What the pods say explains the rest.
            .OrderByDescending(problem => reason is not null && problem.Message == reason.Value.Message)
            .ToList();
        return new(
            worst == HealthState.InProgress && overdue ? HealthState.Failed : worst, problems,
            judged.Count(item => item.Health.State == HealthState.Current), judged.Count, RunningImages(pods));
    }

    private static bool RunsPods(ResourceKind kind) =>
        kind == ResourceKind.Deployment || kind == ResourceKind.StatefulSet || kind == ResourceKind.DaemonSet || kind == ResourceKind.Job;

    private static List<RunningImage> RunningImages(IReadOnlyList<KubernetesObject> pods) =>
        [.. pods.Where(pod => !pod.IsTerminating)
            .SelectMany(pod => pod.Status.Objects("containerStatuses"))
            .Select(container => new RunningImage(container.Text("name") ?? "", container.Text("image") ?? "", DigestOf(container.Text("imageID"))))
            .Distinct()
            .OrderBy(image => image.Container, StringComparer.Ordinal)
            .ThenBy(image => image.Digest, StringComparer.Ordinal)];

    /// <summary><c>docker.io/library/redis@sha256:…</c> names the digest after the at sign.</summary>
    private static string DigestOf(string? imageId) => imageId?.LastIndexOf("sha256:", StringComparison.Ordinal) is { } at and >= 0 ? imageId[at..] : "";
}
