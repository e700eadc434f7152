using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Resources.Kinds;

/// <summary>The kinds that create pods from a template.</summary>
internal static class WorkloadRules
{
    private const string JobUidLabel = "batch.kubernetes.io/controller-uid";
    private const string JobNameLabel = "batch.kubernetes.io/job-name";
    private static readonly string[] FixedInStatefulSets = ["serviceName", "podManagementPolicy", "selector", "volumeClaimTemplates"];

    public static void Prepare(ResourceType type, JsonObject o, JsonObject? before)
    {
        if (o["spec"] is not JsonObject spec)
            return;
        if (Template(type, o).Template.At("spec") is JsonObject pod)
            PodRules.PrepareSpec(pod);
        switch (type.Plural)
        {
            case "deployments":
                if (spec["strategy"] is JsonObject strategy && strategy.StringAt("type") == "RollingUpdate")
                {
                    var rolling = strategy.Ensure("rollingUpdate");
                    rolling["maxSurge"] ??= "25%";
                    rolling["maxUnavailable"] ??= "25%";
                }
                break;
            case "statefulsets":
                if (spec["updateStrategy"] is JsonObject update && update.StringAt("type") == "RollingUpdate")
                    update.Ensure("rollingUpdate")["partition"] ??= 0;
                foreach (var claim in spec.ObjectsAt("volumeClaimTemplates"))
                {
                    claim["apiVersion"] = "v1";
                    claim["kind"] = "PersistentVolumeClaim";
                    claim["status"] = new JsonObject { ["phase"] = "Pending" };
                }
                break;
            case "daemonsets":
                if (spec["updateStrategy"] is JsonObject daemon && daemon.StringAt("type") == "RollingUpdate")
                {
                    var rolling = daemon.Ensure("rollingUpdate");
                    rolling["maxSurge"] ??= 0;
                    rolling["maxUnavailable"] ??= 1;
                }
                break;
            case "jobs":
                PrepareJob(o, spec, before);
                break;
        }
    }

    private static void PrepareJob(JsonObject o, JsonObject spec, JsonObject? before)
    {
        if (spec["completions"] is null && spec["parallelism"] is null)
            spec["completions"] = 1;
        spec["parallelism"] ??= 1;
        if (spec["manualSelector"].AsBool())
            return;
        if (before is not null)
        {
            spec["selector"] ??= before.At("spec", "selector")?.DeepClone();
            return;
        }
        var (uid, name) = (o.StringAt("metadata", "uid"), o.StringAt("metadata", "name"));
        spec["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { [JobUidLabel] = uid } };
        if (spec["template"] is not JsonObject template)
            return;
        var labels = template.Ensure("metadata").Ensure("labels");
        foreach (var label in new[] { JobUidLabel, "controller-uid" })
            labels[label] = uid;
        foreach (var label in new[] { JobNameLabel, "job-name" })
            labels[label] = name;
    }

    private static (JsonNode? Template, string Path) Template(ResourceType type, JsonObject o) => type.Plural == "cronjobs"
        ? (o.At("spec", "jobTemplate", "spec", "template"), "spec.jobTemplate.spec.template")
        : (o.At("spec", "template"), "spec.template");

    public static IEnumerable<FieldError> Validate(ResourceType type, JsonObject o, JsonObject? before)
    {
        var (template, path) = Template(type, o);
        var errors = new List<FieldError>();
        if (o.At("spec", "replicas").AsLong() is < 0 and var replicas)
            errors.Add(FieldError.Invalid("spec.replicas", replicas, "must be greater than or equal to 0"));
        if (type.Group == "apps")
            ValidateSelector(o, template, errors);
        if (template is not null && template["spec"] is null)
            errors.Add(FieldError.Required($"{path}.spec.containers"));
        var claimed = o.ObjectsAt("spec", "volumeClaimTemplates").Select(c => c.StringAt("metadata", "name") ?? "");
        errors.AddRange(PodRules.ValidateSpec(template.At("spec"), $"{path}.spec", claimed));
        ValidateRestartPolicy(type, template, path, errors);
        if (type.Plural == "deployments" && o.StringAt("spec", "strategy", "type") == "Recreate" && o.At("spec", "strategy", "rollingUpdate") is not null)
            errors.Add(FieldError.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
        if (type.Plural == "cronjobs" && !CronSchedule.TryParse(o.StringAt("spec", "schedule") ?? "", out _, out var why))
            errors.Add(FieldError.Invalid("spec.schedule", o.StringAt("spec", "schedule"), why));
        if (before is not null)
            ValidateChange(type, o, before, errors);
        return errors;
    }

    private static void ValidateSelector(JsonObject o, JsonNode? template, List<FieldError> errors)
    {
        var selector = LabelSelector.FromObject(o.At("spec", "selector"));
        if (selector is null || selector.IsEmpty)
            errors.Add(FieldError.Invalid("spec.selector", o.At("spec", "selector") ?? new JsonObject(), "empty selector is invalid for deployment"));
        else if (!selector.Matches(template.At("metadata", "labels") as JsonObject))
            errors.Add(FieldError.Invalid("spec.template.metadata.labels", template.At("metadata", "labels") ?? new JsonObject(), "`selector` does not match template `labels`"));
    }

    private static void ValidateRestartPolicy(ResourceType type, JsonNode? template, string path, List<FieldError> errors)
    {
        var policy = template.StringAt("spec", "restartPolicy");
        if (policy is null)
            return;
        string[] allowed = type.Group == "batch" ? ["OnFailure", "Never"] : ["Always"];
        if (!allowed.Contains(policy))
            errors.Add(FieldError.NotSupported($"{path}.spec.restartPolicy", policy, allowed));
    }

    private static void ValidateChange(ResourceType type, JsonObject o, JsonObject before, List<FieldError> errors)
    {
        void Fixed(string field)
        {
            if (!JsonNode.DeepEquals(before.At("spec", field), o.At("spec", field)))
                errors.Add(FieldError.Invalid($"spec.{field}", o.At("spec", field) ?? new JsonObject(), "field is immutable"));
        }

        switch (type.Plural)
        {
            case "jobs":
                Fixed("selector");
                Fixed("completionMode");
                Fixed("template");
                break;
            case "statefulsets":
                if (FixedInStatefulSets.Any(f => !JsonNode.DeepEquals(before.At("spec", f), o.At("spec", f))))
                    errors.Add(FieldError.Forbidden("spec", "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
                break;
            case "deployments" or "replicasets" or "daemonsets":
                Fixed("selector");
                break;
        }
    }
}
