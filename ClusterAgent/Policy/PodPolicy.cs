using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Kubernetes;

namespace CodeZero.ClusterAgent.Policy;

/// <summary>
/// The rules about pods: isolation (as the Pod Security Standard "baseline" has it), host paths, registries. A pod specification is found wherever it
/// stands in an object, so that a custom kind cannot carry one past the rules.
/// </summary>
internal static class PodPolicy
{
    /// <summary>What "baseline" lets a container add.</summary>
    private static readonly HashSet<string> HarmlessCapabilities =
        ["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"];

    private static readonly HashSet<string> HarmlessSysctls =
    [
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
        "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
    ];

    /// <summary>Where container runtimes look for an image that names no registry.</summary>
    private const string DefaultRegistry = "docker.io";

    private static readonly string[] ContainerLists = ["containers", "initContainers", "ephemeralContainers"];

    public static IEnumerable<PolicyRefusal> Check(LocalPolicy policy, KubernetesObject item) => Walk(policy, item, item.Json, "");

    /// <summary>What an App's own spec asks for. No provisioner here would give it, but somebody could believe that it was given.</summary>
    public static IEnumerable<PolicyRefusal> CheckWishes(LocalPolicy policy, KubernetesObject app) => Check(policy, app).Concat(
        from place in policy.Privileged ? [] : new[] { (Node: app.Spec, Path: "spec"), (Node: app.Spec.At("provisioner"), Path: "spec.provisioner") }
        let wishes = place.Node as JsonObject
        where wishes is not null
        from refusal in HostSharing(app, wishes, place.Path + ".").Concat(Isolation(app, wishes["securityContext"], place.Path + ".securityContext")).Concat(Capabilities(app, wishes, place.Path))
        select refusal);

    private static IEnumerable<PolicyRefusal> Walk(LocalPolicy policy, KubernetesObject item, JsonNode? node, string path)
    {
        if (node is JsonArray array)
            return array.SelectMany((child, index) => Walk(policy, item, child, string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]")));
        if (node is not JsonObject json)
            return [];
        var here = ContainerLists.Any(json.ContainsKey) ? Pod(policy, item, json, path) : [];
        return here.Concat(json.SelectMany(member => Walk(policy, item, member.Value, path.Length == 0 ? member.Key : $"{path}.{member.Key}")));
    }

    private static IEnumerable<PolicyRefusal> Pod(LocalPolicy policy, KubernetesObject item, JsonObject pod, string path)
    {
        var at = path.Length == 0 ? "" : path + ".";
        if (!policy.Privileged)
        {
            foreach (var refusal in HostSharing(item, pod, at).Concat(Isolation(item, pod["securityContext"], at + "securityContext")))
                yield return refusal;
            foreach (var sysctl in pod.Objects("securityContext", "sysctls"))
                if (!HarmlessSysctls.Contains(sysctl.Text("name") ?? ""))
                    yield return Privileged(item, at + "securityContext.sysctls", $"The sysctl {sysctl.Text("name")} reaches past the pod.");
        }
        if (!policy.HostPath)
            foreach (var volume in pod.Objects("volumes"))
                if (volume["hostPath"] is not null)
                    yield return PolicyCheck.Refuse("hostPath", item, at + "volumes", $"The volume {volume.Text("name")} mounts a path of the node.");

        foreach (var list in ContainerLists)
            foreach (var (container, index) in pod.Objects(list).Select((container, index) => (container, index)))
                foreach (var refusal in Container(policy, item, container, string.Create(CultureInfo.InvariantCulture, $"{at}{list}[{index}]")))
                    yield return refusal;
    }

    private static IEnumerable<PolicyRefusal> Container(LocalPolicy policy, KubernetesObject item, JsonObject container, string path)
    {
        if (container["image"] is { } image && !RegistryPermitted(policy, image.Text()))
            yield return PolicyCheck.Refuse("registries", item, path + ".image", $"The image {image.Text()} comes from a registry that the local policy does not allow.");
        if (policy.Privileged)
            yield break;

        foreach (var refusal in Isolation(item, container["securityContext"], path + ".securityContext").Concat(Capabilities(item, container, path)))
            yield return refusal;
        foreach (var port in container.Objects("ports"))
            if (port["hostPort"] is not null && port.Number("hostPort") != 0)
                yield return Privileged(item, path + ".ports", $"hostPort {port["hostPort"]!.ToJsonString()} takes a port of the node.");
    }

    private static IEnumerable<PolicyRefusal> HostSharing(KubernetesObject item, JsonObject pod, string at) =>
        from name in (string[])["hostNetwork", "hostPID", "hostIPC"]
        where Set(pod[name])
        select Privileged(item, at + name, $"{name} shares the node with the pod.");

    private static IEnumerable<PolicyRefusal> Capabilities(KubernetesObject item, JsonObject container, string path) =>
        from capability in container.At("securityContext", "capabilities", "add") as JsonArray ?? []
        where !HarmlessCapabilities.Contains(capability.Text() ?? "")
        select Privileged(item, path + ".securityContext.capabilities.add", $"The capability {capability?.ToJsonString()} reaches past the container.");

    private static IEnumerable<PolicyRefusal> Isolation(KubernetesObject item, JsonNode? context, string path)
    {
        foreach (var name in (string[])["privileged", "allowPrivilegeEscalation"])
            if (Set(context.At(name)))
                yield return Privileged(item, $"{path}.{name}", $"{name} takes the container's isolation away.");
        if (context.At("procMount") is not null && context.Text("procMount") != "Default")
            yield return Privileged(item, path + ".procMount", "An unmasked /proc shows the node.");
        foreach (var profile in (string[])["seccompProfile", "appArmorProfile"])
            if (context.Text(profile, "type") == "Unconfined")
                yield return Privileged(item, $"{path}.{profile}", $"An unconfined {profile} takes the container's isolation away.");
        if (Set(context.At("windowsOptions", "hostProcess")))
            yield return Privileged(item, path + ".windowsOptions.hostProcess", "A host process runs on the node itself.");
    }

    private static bool RegistryPermitted(LocalPolicy policy, string? image)
    {
        if (policy.Registries == AllowDeny.All)
            return true;
        if (!ImageReference.TryParse(image, out var reference))
            return false;
        var registry = RegistryOf(reference.Registry ?? DefaultRegistry);
        var isShort = registry == DefaultRegistry && !reference.Repository.Contains('/', StringComparison.Ordinal);
        var repository = $"{registry}/{(isShort ? "library/" : "")}{reference.Repository}";
        return policy.Registries.Permits(prefix => repository == Normal(prefix) || repository.StartsWith(Normal(prefix) + "/", StringComparison.Ordinal));
    }

    /// <summary>A prefix of the policy, as a repository would be written.</summary>
    private static string Normal(string prefix)
    {
        var parts = prefix.TrimEnd('/').Split('/', 2);
        return parts is [var registry, var rest] ? $"{RegistryOf(registry)}/{rest}" : RegistryOf(parts[0]);
    }

    /// <summary>One name for each registry: host names have no case, 443 is the port without one, and Docker Hub answers to several names.</summary>
    private static string RegistryOf(string registry)
    {
        var host = registry.ToLowerInvariant();
        host = host.EndsWith(":443", StringComparison.Ordinal) ? host[..^4] : host;
        return host is "index.docker.io" or "registry-1.docker.io" or "registry.hub.docker.com" ? DefaultRegistry : host;
    }

    /// <summary>Anything but an explicit false or nothing counts as set: an odd type must not slip through.</summary>
    private static bool Set(JsonNode? flag) => flag is not null && flag.Flag() != false;

    private static PolicyRefusal Privileged(KubernetesObject item, string field, string what) => PolicyCheck.Refuse("privileged", item, field, what);
}
