using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;

namespace CodeZero.DevCluster.Resources.Kinds;

/// <summary>Role bindings.</summary>
internal static class RbacRules
{
    private const string Group = "rbac.authorization.k8s.io";

    public static void PrepareBinding(JsonObject o)
    {
        if (o["roleRef"] is JsonObject role)
            role["apiGroup"] ??= Group;
        foreach (var subject in o.ObjectsAt("subjects"))
            if (subject.StringAt("kind") is "User" or "Group")
                subject["apiGroup"] ??= Group;
    }

    public static IEnumerable<FieldError> ValidateBinding(ResourceType type, JsonObject o, JsonObject? before)
    {
        string[] kinds = type.Namespaced ? ["ClusterRole", "Role"] : ["ClusterRole"];
        if (o.StringAt("roleRef", "kind") is { } kind && !kinds.Contains(kind))
            yield return FieldError.NotSupported("roleRef.kind", kind, kinds);
        if (before is not null && !JsonNode.DeepEquals(before["roleRef"], o["roleRef"]))
            yield return FieldError.Invalid("roleRef", o["roleRef"], "cannot change roleRef");
        foreach (var (subject, i) in o.ObjectsAt("subjects").Select((s, i) => (s, i)))
        {
            if (subject.StringAt("kind") is not ("User" or "Group" or "ServiceAccount"))
                yield return FieldError.NotSupported($"subjects[{i}].kind", subject.StringAt("kind"), ["Group", "ServiceAccount", "User"]);
            if (subject.StringAt("kind") == "ServiceAccount" && subject.StringAt("namespace") is not { Length: > 0 })
                yield return FieldError.Required($"subjects[{i}].namespace");
        }
    }
}
