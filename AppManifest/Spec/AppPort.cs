using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.AppManifest.Reading;
using CodeZero.AppManifest.Yaml;

namespace CodeZero.AppManifest;

/// <summary>The transport of a port.</summary>
public enum PortProtocol { Tcp, Udp, Sctp }

/// <summary>A port of the App's Service.</summary>
/// <param name="Name">At most 15 characters; nothing only when it is the only port.</param>
/// <param name="Port">Of the Service, 1 to 65535.</param>
/// <param name="TargetPort">Of the container; the Service's port unless written otherwise.</param>
public sealed record AppPort(string? Name, int Port, PortProtocol Protocol, int TargetPort)
{
    private const int MostPorts = 100;

    private static readonly Dictionary<string, PortProtocol> s_protocols = new(StringComparer.Ordinal)
    {
        ["TCP"] = PortProtocol.Tcp,
        ["UDP"] = PortProtocol.Udp,
        ["SCTP"] = PortProtocol.Sctp,
    };

    internal static IReadOnlyList<AppPort> ReadAll(MappingReader reader)
    {
        const string key = "ports";
        var ports = new List<AppPort>();
        var json = new JsonArray();
        var items = reader.Items(key, oldName: "port", most: MostPorts);
        foreach (var (node, path) in items)
        {
            if (ReadOne(node, path, reader.Context, isOnly: items.Count == 1) is not ({ } port, { } written))
                continue;
            if (ports.Any(p => p.Port == port.Port && p.Protocol == port.Protocol))
                reader.Context.Error("manifest.duplicate", string.Create(CultureInfo.InvariantCulture, $"Port {port.Port} stands twice with the same protocol."), node.Mark, path);
            if (port.Name is not null && ports.Any(p => p.Name == port.Name))
                reader.Context.Error("manifest.duplicate", $"Two ports are called \"{port.Name}\".", node.Mark, path);
            ports.Add(port);
            json.Add((JsonNode)written);
        }
        if (json.Count > 0)
            reader.Json[key] = json;
        return ports;
    }

    private static (AppPort? Port, JsonObject? Json) ReadOne(YamlNode node, string path, ReadContext context, bool isOnly)
    {
        if (node is YamlScalar)
        {
            if (MappingReader.IntegerOf(node, 1, 65_535, path, context) is not { } number)
                return default;
            var named = isOnly ? null : DefaultName(number);
            var json = new JsonObject { ["port"] = number, ["protocol"] = "TCP" };
            if (named is not null)
                json["name"] = named;
            return (new(named, number, PortProtocol.Tcp, number), json);
        }
        if (MappingReader.From(node, path, context) is not { } reader)
            return default;
        var port = reader.Integer("port", 1, 65_535, required: true);
        var protocol = reader.OneOf("protocol", s_protocols) ?? PortProtocol.Tcp;
        reader.Json["protocol"] ??= "TCP";
        var name = reader.Name("name", Formats.IsPortName, "port name: at most 15 lower-case letters, digits and '-', with a letter");
        var container = reader.Integer("containerPort", 1, 65_535);
        var target = reader.Integer("targetPort", 1, 65_535);
        if (container is not null && target is not null && container != target)
            reader.Error("manifest.conflict", "`containerPort` and `targetPort` mean the same, but differ here. Keep containerPort.", "targetPort");
        foreach (var ignored in (string[])["probe", "type"])
            if (reader.Take(ignored) is not null)
                reader.Warning("manifest.ignored", $"`{ignored}` of a port is not used. Remove it.", ignored);
        reader.Complete(UnknownKeys.Warn);
        if (port is null)
            return default;
        if (name is null && !isOnly && reader.Take("name") is null)
        {
            name = DefaultName(port.Value);
            reader.Json["name"] = name;
            reader.Warning("manifest.port_name", $"With more than one port each needs a name; this one is called \"{name}\".", "name");
        }
        return (new(name, port.Value, protocol, container ?? target ?? port.Value), reader.Json);
    }

    private static string DefaultName(int port) => string.Create(CultureInfo.InvariantCulture, $"p{port}");
}
