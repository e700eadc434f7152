using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Resources.Kinds;

/// <summary>Pods and the templates of pods.</summary>
internal static class PodRules
{
    private static readonly string[] Probes = ["livenessProbe", "readinessProbe", "startupProbe"];

    public static void PreparePod(JsonObject o, JsonObject? before)
    {
        if (o["spec"] is not JsonObject spec)
            return;
        PrepareSpec(spec);
        spec["serviceAccountName"] ??= "default";
        spec["serviceAccount"] = spec["serviceAccountName"]!.DeepClone();
        spec["enableServiceLinks"] ??= true;
        if (before is null)
            o["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QualityOfService(spec) };
    }

    /// <summary>Defaults that depend on other fields.</summary>
    public static void PrepareSpec(JsonObject spec)
    {
        foreach (var container in Containers(spec))
        {
            container["imagePullPolicy"] ??= IsLatest(container.StringAt("image") ?? "") ? "Always" : "IfNotPresent";
            container["resources"] ??= new JsonObject();
            foreach (var get in Probes.Select(p => container.At(p, "httpGet")).OfType<JsonObject>())
                get["path"] ??= "/";
        }
        if (spec["serviceAccountName"] is null && spec["serviceAccount"] is { } alias)
            spec["serviceAccountName"] = alias.DeepClone();
        else if (spec["serviceAccountName"] is { } name)
            spec["serviceAccount"] = name.DeepClone();
    }

    public static IEnumerable<JsonObject> Containers(JsonNode? spec) => spec.ObjectsAt("initContainers").Concat(spec.ObjectsAt("containers"));

    private static bool IsLatest(string image)
    {
        if (image.Contains('@'))
            return false;
        var name = image[(image.LastIndexOf('/') + 1)..];
        return !name.Contains(':') || name.EndsWith(":latest", StringComparison.Ordinal);
    }

    private static string QualityOfService(JsonObject spec)
    {
        var resources = Containers(spec).Select(c => c["resources"]).ToArray();
        bool Has(JsonNode? r, string list, string what) => r.At(list, what) is not null;
        if (!resources.Any(r => r.At("limits") is JsonObject { Count: > 0 } || r.At("requests") is JsonObject { Count: > 0 }))
            return "BestEffort";
        return resources.All(r => Has(r, "limits", "cpu") && Has(r, "limits", "memory")
            && (!Has(r, "requests", "cpu") || r.StringAt("requests", "cpu") == r.StringAt("limits", "cpu"))
            && (!Has(r, "requests", "memory") || r.StringAt("requests", "memory") == r.StringAt("limits", "memory"))) ? "Guaranteed" : "Burstable";
    }

    public static IEnumerable<FieldError> ValidatePod(JsonObject o, JsonObject? before)
    {
        var errors = ValidateSpec(o["spec"], "spec").ToList();
        if (before is not null && !JsonNode.DeepEquals(Frozen(before), Frozen(o)))
            errors.Add(FieldError.Forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
        return errors;
    }

    private static JsonObject Frozen(JsonObject pod)
    {
        var spec = ((JsonObject)pod["spec"]!).Copy();
        foreach (var container in Containers(spec))
        {
            container.Remove("image");
            container.Remove("imagePullPolicy");
        }
        foreach (var field in new[] { "activeDeadlineSeconds", "tolerations", "nodeName", "schedulingGates", "ephemeralContainers", "terminationGracePeriodSeconds" })
            spec.Remove(field);
        return spec;
    }

    /// <param name="otherVolumes">Volumes the pod will have beside those in its spec.</param>
    public static IEnumerable<FieldError> ValidateSpec(JsonNode? spec, string path, params IEnumerable<string> otherVolumes)
    {
        if (spec is null)
            yield break;
        if (!spec.ObjectsAt("containers").Any())
            yield return FieldError.Required($"{path}.containers");
        var volumes = new HashSet<string>();
        foreach (var (volume, i) in spec.ObjectsAt("volumes").Select((v, i) => (v, i)))
        {
            var name = volume.StringAt("name") ?? "";
            if (!Names.IsLabel(name))
                yield return FieldError.Invalid($"{path}.volumes[{i}].name", name, Names.LabelRule);
            if (!volumes.Add(name))
                yield return FieldError.Duplicate($"{path}.volumes[{i}].name", name);
            if (volume.Count(p => p.Key != "name") > 1)
                yield return FieldError.Forbidden($"{path}.volumes[{i}]", "may not specify more than 1 volume type");
        }
        volumes.UnionWith(otherVolumes);
        var names = new HashSet<string>();
        foreach (var list in new[] { "initContainers", "containers" })
            foreach (var (container, i) in spec.ObjectsAt(list).Select((c, i) => (c, i)))
                foreach (var error in ValidateContainer(container, $"{path}.{list}[{i}]", names, volumes))
                    yield return error;
    }

    private static IEnumerable<FieldError> ValidateContainer(JsonObject container, string path, HashSet<string> names, HashSet<string> volumes)
    {
        var name = container.StringAt("name") ?? "";
        if (!Names.IsLabel(name))
            yield return FieldError.Invalid($"{path}.name", name, Names.LabelRule);
        if (!names.Add(name))
            yield return FieldError.Duplicate($"{path}.name", name);
        if (container.StringAt("image") is not { Length: > 0 } image)
            yield return FieldError.Required($"{path}.image");
        else if (image != image.Trim())
            yield return FieldError.Invalid($"{path}.image", image, "must not have leading or trailing whitespace");
        var mounts = new HashSet<string>();
        foreach (var (mount, i) in container.ObjectsAt("volumeMounts").Select((m, i) => (m, i)))
        {
            if (!volumes.Contains(mount.StringAt("name") ?? ""))
                yield return new("FieldValueNotFound", $"{path}.volumeMounts[{i}].name", $"Not found: \"{mount.StringAt("name")}\"");
            if (!mounts.Add(mount.StringAt("mountPath") ?? ""))
                yield return FieldError.Invalid($"{path}.volumeMounts[{i}].mountPath", mount.StringAt("mountPath"), "must be unique");
        }
        foreach (var (port, i) in container.ObjectsAt("ports").Select((p, i) => (p, i)))
            if (port["containerPort"].AsLong() is < 1 or > 65535)
                yield return FieldError.Invalid($"{path}.ports[{i}].containerPort", port["containerPort"], "must be between 1 and 65535, inclusive");
        foreach (var (variable, i) in container.ObjectsAt("env").Select((e, i) => (e, i)))
        {
            if (variable.StringAt("name") is not { Length: > 0 })
                yield return FieldError.Required($"{path}.env[{i}].name");
            if (variable["valueFrom"] is not null && variable.StringAt("value") is { Length: > 0 })
                yield return FieldError.Invalid($"{path}.env[{i}].valueFrom", "", "may not be specified when `value` is not empty");
        }
    }
}
