using System.Text;
using CodeZero.AppManifest.Yaml;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Policy;

/// <summary>Reads a policy strictly: what is not understood could have been a prohibition, so it is an error and never skipped.</summary>
internal static class PolicyReader
{
    /// <param name="configMap">The ConfigMap; null when there is none.</param>
    /// <returns>The policy, or why everything is refused.</returns>
    public static (LocalPolicy? Policy, PolicyRefusal? Refusal) Read(KubernetesObject? configMap)
    {
        if (configMap is null)
            return (LocalPolicy.Default, null);
        if (configMap.Json.Text("data", LocalPolicy.Key) is not { } text)
            return (null, Refuse(configMap, "", $"the key \"{LocalPolicy.Key}\" is missing"));

        var read = YamlReader.Read(Encoding.UTF8.GetBytes(text), LocalPolicy.Key);
        if (read.HasErrors)
            return (null, Refuse(configMap, "", read.Diagnostics.First(finding => finding.Severity == AppManifest.Severity.Error).ToString()));
        try
        {
            return read.Documents switch
            {
                [] or [YamlScalar { IsNull: true }] => (LocalPolicy.Default, null),
                [YamlMapping mapping] => (Read(mapping), null),
                [var other] => throw new UnreadableException(other.Mark, "", $"expected a mapping, found {other.Describe()}"),
                _ => throw new UnreadableException(read.Documents[1].Mark, "", "expected one document"),
            };
        }
        catch (UnreadableException e)
        {
            return (null, Refuse(configMap, e.Field, $"{LocalPolicy.Key}:{e.Mark.Line}:{e.Mark.Column}: {e.Message}"));
        }
    }

    private static LocalPolicy Read(YamlMapping root)
    {
        var policy = LocalPolicy.Default;
        foreach (var (key, mark, value) in root.Entries)
            policy = key switch
            {
                "kinds" => policy with { Kinds = Lists(key, value) },
                "namespaces" => policy with { Namespaces = Lists(key, value) },
                "registries" => policy with { Registries = Lists(key, value) },
                "publishers" => policy with { Publishers = Lists(key, value) },
                "clusterScoped" => policy with { ClusterScoped = Texts(key, value) },
                "privileged" => policy with { Privileged = Flag(key, value) },
                "hostPath" => policy with { HostPath = Flag(key, value) },
                "rbac" => policy with { Rbac = Flag(key, value) },
                _ => throw new UnreadableException(mark, key,
                    $"unknown key \"{key}\"; known are kinds, namespaces, registries, publishers, clusterScoped, privileged, hostPath, rbac"),
            };
        return policy;
    }

    private static AllowDeny Lists(string path, YamlNode node)
    {
        if (node is not YamlMapping mapping)
            throw new UnreadableException(node.Mark, path, $"expected a mapping with allowed and denied, found {node.Describe()}");
        var lists = AllowDeny.All;
        foreach (var (key, mark, value) in mapping.Entries)
            lists = key switch
            {
                "allowed" => lists with { Allowed = Texts($"{path}.{key}", value) },
                "denied" => lists with { Denied = Texts($"{path}.{key}", value) },
                _ => throw new UnreadableException(mark, $"{path}.{key}", $"unknown key \"{key}\"; known are allowed and denied"),
            };
        return lists;
    }

    private static List<string> Texts(string path, YamlNode node)
    {
        if (node is not YamlSequence sequence)
            throw new UnreadableException(node.Mark, path, $"expected a list, found {node.Describe()}");
        return [.. sequence.Items.Select(item => item is YamlScalar { Kind: YamlKind.Text, Text.Length: > 0 } scalar
            ? scalar.Text
            : throw new UnreadableException(item.Mark, path, $"expected a text, found {item.Describe()}"))];
    }

    private static bool Flag(string path, YamlNode node) => node is YamlScalar { Boolean: { } flag }
        ? flag
        : throw new UnreadableException(node.Mark, path, $"expected true or false, found {node.Describe()}");

    private static PolicyRefusal Refuse(KubernetesObject configMap, string field, string reason) => new(LocalPolicy.Unreadable, configMap.Ref, field,
        $"The local policy cannot be read, so nothing is installed or changed: {reason}. Correct the ConfigMap.");

    private sealed class UnreadableException(YamlMark mark, string path, string message) : Exception(message)
    {
        public YamlMark Mark => mark;
        public string Field => path;
    }
}
