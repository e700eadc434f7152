using System.Text.Json.Nodes;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Runs the pods of Jobs until enough have succeeded or too many have failed.</summary>
internal sealed class JobController(Cluster cluster) : IController
{
    public const string Jobs = "batch/jobs";

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource switch
    {
        Jobs => [change.Object.Key],
        "/pods" => PodTemplates.OwnerOf(change, Jobs, "Job"),
        _ => [],
    };

    public static bool Is(JsonNode? job, string condition) => job.ObjectsAt("status", "conditions").Any(c => c.StringAt("type") == condition && c.StringAt("status") == "True");

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { IsDeleting: false } job)
            return null;
        if (Is(job.Value, "Complete") || Is(job.Value, "Failed"))
            return Expire(job);
        var pods = cluster.Controlled(job, "/pods").ToArray();
        int Phase(string phase) => pods.Count(p => p.Value.StringAt("status", "phase") == phase);
        var (succeeded, failed) = (Phase("Succeeded"), Phase("Failed"));
        var active = pods.Where(PodTemplates.IsActive).ToArray();
        var spec = job.Value["spec"];
        var parallelism = spec.At("parallelism").AsInt(1);
        var completions = spec.At("completions") is null ? Math.Max(1, succeeded) : spec.At("completions").AsInt(1);
        var left = spec.At("activeDeadlineSeconds").AsLong() is { } limit && job.Value.At("status", "startTime").AsTime() is { } began ? began.AddSeconds(limit) - cluster.Now : (TimeSpan?)null;

        var (outcome, reason, message) = failed > spec.At("backoffLimit").AsInt(6) ? ("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
            : left <= TimeSpan.Zero ? ("Failed", "DeadlineExceeded", "Job was active longer than specified deadline")
            : succeeded >= completions ? ("Complete", "CompletionsReached", "Reached expected number of succeeded pods") : ("", "", "");
        var suspended = spec.At("suspend").AsBool();
        var wanted = outcome.Length > 0 || suspended ? 0 : Math.Min(parallelism, completions - succeeded);
        foreach (var excess in active.Skip(wanted))
            cluster.Delete(excess);
        for (var i = active.Length; i < wanted; i++)
        {
            var pod = cluster.Create(new("/pods", key.Namespace, ""), PodTemplates.ToPod(job, spec.At("template"), null));
            cluster.Record(job, "Normal", "SuccessfulCreate", $"Created pod: {pod.StringAt("metadata", "name")}", "job-controller");
        }
        cluster.SetStatus(key, status =>
        {
            var now = Timestamps.Format(cluster.Now);
            if (!suspended)
                status["startTime"] ??= now;
            Cluster.Put(status, "active", wanted);
            Cluster.Put(status, "succeeded", succeeded);
            Cluster.Put(status, "failed", failed);
            status["ready"] = active.Count(p => Kubelet.IsReady(p.Value));
            if (suspended || status.ObjectsAt("conditions").Any(c => c.StringAt("type") == "Suspended"))
                cluster.SetCondition(status, "Suspended", suspended ? "True" : "False", suspended ? "JobSuspended" : "JobResumed", suspended ? "Job suspended" : "Job resumed");
            if (outcome.Length == 0)
                return;
            status["ready"] = 0;
            cluster.SetCondition(status, outcome == "Complete" ? "SuccessCriteriaMet" : "FailureTarget", "True", reason, message);
            cluster.SetCondition(status, outcome, "True", reason, message);
            if (outcome == "Complete")
                status["completionTime"] = now;
        });
        if (outcome.Length > 0)
            cluster.Record(job, outcome == "Complete" ? "Normal" : "Warning", outcome == "Complete" ? "Completed" : reason, outcome == "Complete" ? "Job completed" : message, "job-controller");
        return outcome.Length == 0 ? left : null;
    }

    private TimeSpan? Expire(StoredObject job)
    {
        if (job.Value.At("spec", "ttlSecondsAfterFinished").AsLong() is not { } seconds)
            return null;
        var ended = job.Value.ObjectsAt("status", "conditions").Select(c => c["lastTransitionTime"].AsTime()).Max() ?? cluster.Now;
        var left = ended.AddSeconds(seconds) - cluster.Now;
        if (left > TimeSpan.Zero)
            return left;
        cluster.Delete(job, new(Propagation: Api.Propagation.Foreground));
        return null;
    }
}
