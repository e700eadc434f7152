using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Resources.Kinds;

/// <summary>Ingresses and network policies.</summary>
internal static class NetworkRules
{
    public static void PreparePolicy(JsonObject o)
    {
        if (o["spec"] is JsonObject spec)
            spec["policyTypes"] ??= spec["egress"] is null ? new JsonArray("Ingress") : new JsonArray("Ingress", "Egress");
    }

    public static IEnumerable<FieldError> ValidateIngress(JsonObject o)
    {
        var spec = o["spec"];
        if (!spec.ObjectsAt("rules").Any() && spec.At("defaultBackend") is null)
            yield return FieldError.Invalid("spec", new JsonObject(), "either `defaultBackend` or `rules` must be specified");
        foreach (var (rule, i) in spec.ObjectsAt("rules").Select((r, i) => (r, i)))
        {
            var host = rule.StringAt("host") ?? "";
            if (host.Length > 0 && !Names.IsSubdomain(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host))
                yield return FieldError.Invalid($"spec.rules[{i}].host", host, Names.SubdomainRule);
            foreach (var (path, j) in rule.ObjectsAt("http", "paths").Select((p, j) => (p, j)))
            {
                var place = $"spec.rules[{i}].http.paths[{j}]";
                if (path.StringAt("pathType") is "Exact" or "Prefix" && path.StringAt("path") is not ['/', ..])
                    yield return FieldError.Invalid($"{place}.path", path.StringAt("path") ?? "", "must be an absolute path");
                if (path.At("backend", "service") is null && path.At("backend", "resource") is null)
                    yield return FieldError.Required($"{place}.backend.service.name");
                else if (path.At("backend", "service") is { } service && service.StringAt("port", "name") is null && service.At("port", "number") is null)
                    yield return FieldError.Required($"{place}.backend.service.port", "port name or number is required");
            }
        }
    }
}
