using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Resources.Kinds;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Creates the Jobs of CronJobs when they are due (UTC), and keeps the asked number of finished ones.</summary>
internal sealed class CronJobController(Cluster cluster) : IController
{
    private const string CronJobs = "batch/cronjobs";

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource switch
    {
        CronJobs => [change.Object.Key],
        JobController.Jobs => PodTemplates.OwnerOf(change, CronJobs, "CronJob"),
        _ => [],
    };

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { IsDeleting: false } cron || !CronSchedule.TryParse(cron.Value.StringAt("spec", "schedule") ?? "", out var schedule, out _))
            return null;
        var jobs = cluster.Controlled(cron, JobController.Jobs).Where(j => !j.IsDeleting).ToArray();
        var active = jobs.Where(j => !JobController.Is(j.Value, "Complete") && !JobController.Is(j.Value, "Failed")).ToArray();
        Prune(jobs, "Complete", cron.Value.At("spec", "successfulJobsHistoryLimit").AsInt(3));
        Prune(jobs, "Failed", cron.Value.At("spec", "failedJobsHistoryLimit").AsInt(1));

        var last = cron.Value.At("status", "lastScheduleTime").AsTime() ?? cron.Value.At("metadata", "creationTimestamp").AsTime() ?? cluster.Now;
        var due = schedule!.Next(last);
        var starts = due <= cluster.Now && !cron.Value.At("spec", "suspend").AsBool();
        if (starts && Latest(schedule, due!.Value) is var at)
        {
            var policy = cron.Value.StringAt("spec", "concurrencyPolicy");
            if (policy == "Replace")
                foreach (var running in active)
                    cluster.Delete(running);
            if (policy != "Forbid" || active.Length == 0)
                CreateJob(cron, at);
        }
        cluster.SetStatus(key, status =>
        {
            if (starts)
                status["lastScheduleTime"] = Timestamps.Format(Latest(schedule, due!.Value));
            status["active"] = new JsonArray([.. active.Select(j => (JsonNode)new JsonObject { ["apiVersion"] = "batch/v1", ["kind"] = "Job", ["name"] = j.Key.Name, ["namespace"] = j.Key.Namespace, ["uid"] = j.Uid })]);
        });
        return schedule.Next(cluster.Now) - cluster.Now;
    }

    /// <summary>The last time that is due by now: missed ones in between are skipped.</summary>
    private DateTimeOffset Latest(CronSchedule schedule, DateTimeOffset due)
    {
        while (schedule.Next(due) is { } next && next <= cluster.Now)
            due = next;
        return due;
    }

    private void CreateJob(StoredObject cron, DateTimeOffset at)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{cron.Key.Name}-{at.ToUnixTimeSeconds() / 60}");
        var template = cron.Value.At("spec", "jobTemplate");
        cluster.Ensure(new(JobController.Jobs, cron.Key.Namespace, name), () => new()
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name, ["namespace"] = cron.Key.Namespace, ["labels"] = template.At("metadata", "labels")?.DeepClone(), ["annotations"] = template.At("metadata", "annotations")?.DeepClone(),
                ["ownerReferences"] = new JsonArray(Cluster.OwnerReference(cron)),
            },
            ["spec"] = template.At("spec")?.DeepClone(),
        });
        cluster.Record(cron, "Normal", "SuccessfulCreate", $"Created job {name}", "cronjob-controller");
    }

    private void Prune(StoredObject[] jobs, string condition, int keep)
    {
        foreach (var old in jobs.Where(j => JobController.Is(j.Value, condition)).OrderByDescending(j => j.Uid, StringComparer.Ordinal).Skip(keep))
            cluster.Delete(old, new(Propagation: Api.Propagation.Background));
    }
}
