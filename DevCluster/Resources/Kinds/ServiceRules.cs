using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using CodeZero.DevCluster.Api;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Resources.Kinds;

/// <summary>Services: addresses (10.96.0.0/16) and node ports (30000 to 32767) come from the server.</summary>
internal sealed class ServiceRules(ObjectStore store)
{
    private const int FirstNodePort = 30_000;
    private const int LastNodePort = 32_767;

    public void Prepare(JsonObject o, JsonObject? before)
    {
        if (o["spec"] is not JsonObject spec)
            return;
        foreach (var port in spec.ObjectsAt("ports"))
            if (port["targetPort"] is null && spec.StringAt("clusterIP") != "None")
                port["targetPort"] = port["port"]?.DeepClone();
        var type = spec.StringAt("type");
        if (type == "ExternalName")
            return;
        spec["internalTrafficPolicy"] ??= "Cluster";
        spec["ipFamilyPolicy"] ??= "SingleStack";
        spec["ipFamilies"] ??= new JsonArray("IPv4");
        if (before?["spec"] is { } old && old.StringAt("clusterIP") is { Length: > 0 } kept && spec.StringAt("clusterIP") is not { Length: > 0 })
            spec["clusterIP"] = kept;
        if (spec.StringAt("clusterIP") is not { Length: > 0 })
            spec["clusterIP"] = FreeAddress();
        spec["clusterIPs"] = new JsonArray(spec.StringAt("clusterIP"));
        if (type is "NodePort" or "LoadBalancer")
        {
            spec["externalTrafficPolicy"] ??= "Cluster";
            if (type == "LoadBalancer")
                spec["allocateLoadBalancerNodePorts"] ??= true;
            foreach (var port in spec.ObjectsAt("ports"))
                port["nodePort"] ??= before.ObjectsAt("spec", "ports").FirstOrDefault(p => p["port"].AsLong() == port["port"].AsLong())?["nodePort"]?.DeepClone() ?? FreeNodePort();
        }
    }

    private string FreeAddress()
    {
        var used = store.List("/services").Select(s => s.Value.StringAt("spec", "clusterIP")).ToHashSet();
        string address;
        do
            address = string.Create(CultureInfo.InvariantCulture, $"10.96.{RandomNumberGenerator.GetInt32(256)}.{RandomNumberGenerator.GetInt32(2, 255)}");
        while (used.Contains(address));
        return address;
    }

    private int FreeNodePort()
    {
        var used = store.List("/services").SelectMany(s => s.Value.ObjectsAt("spec", "ports")).Select(p => p["nodePort"].AsInt()).ToHashSet();
        return Enumerable.Range(FirstNodePort, LastNodePort - FirstNodePort + 1).First(p => !used.Contains(p));
    }

    public static IEnumerable<FieldError> Validate(JsonObject o, JsonObject? before)
    {
        var spec = o["spec"];
        var ports = spec.ObjectsAt("ports").ToArray();
        var type = spec.StringAt("type");
        if (ports.Length == 0 && type != "ExternalName" && spec.StringAt("clusterIP") != "None")
            yield return FieldError.Required("spec.ports");
        var names = new HashSet<string>();
        for (var i = 0; i < ports.Length; i++)
        {
            if (ports[i]["port"].AsLong() is < 1 or > 65535)
                yield return FieldError.Invalid($"spec.ports[{i}].port", ports[i]["port"], "must be between 1 and 65535, inclusive");
            var name = ports[i].StringAt("name") ?? "";
            if (ports.Length > 1 && name.Length == 0)
                yield return FieldError.Required($"spec.ports[{i}].name");
            else if (name.Length > 0 && !Names.IsLabel(name))
                yield return FieldError.Invalid($"spec.ports[{i}].name", name, Names.LabelRule);
            else if (name.Length > 0 && !names.Add(name))
                yield return FieldError.Duplicate($"spec.ports[{i}].name", name);
        }
        if (type == "ExternalName" && spec.StringAt("externalName") is not { Length: > 0 })
            yield return FieldError.Required("spec.externalName");
        var old = before.StringAt("spec", "clusterIP");
        if (before is not null && old is { Length: > 0 } && type != "ExternalName" && before.StringAt("spec", "type") != "ExternalName" && old != spec.StringAt("clusterIP"))
            yield return FieldError.Invalid("spec.clusterIPs[0]", new JsonArray(spec.StringAt("clusterIP")), "may not change once set");
    }
}
