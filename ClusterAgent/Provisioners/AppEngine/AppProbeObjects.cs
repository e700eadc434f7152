using System.Globalization;
using System.Text.Json.Nodes;
using CodeZero.AppManifest;

namespace CodeZero.ClusterAgent.Provisioners.AppEngine;

/// <summary>The container's probes: the manifest's, or, for a container with one TCP port and no probes of its own, whether the port can be connected to.</summary>
internal static class AppProbeObjects
{
    private const int DefaultPeriodSeconds = 10;
    private const int DefaultFailureThreshold = 3;
    private const int GeneratedStartupThreshold = 30;

    public static IEnumerable<KeyValuePair<string, JsonObject>> Render(AppEngineSpec engine)
    {
        if (engine.Probes == AppProbes.None)
        {
            if (engine.Ports is [{ Protocol: PortProtocol.Tcp } only])
            {
                yield return new("startupProbe", Connects(only, GeneratedStartupThreshold));
                yield return new("readinessProbe", Connects(only, DefaultFailureThreshold));
            }
            yield break;
        }
        foreach (var (name, probe) in ((string, AppProbe?)[])
            [("startupProbe", engine.Probes.Startup), ("livenessProbe", engine.Probes.Liveness), ("readinessProbe", engine.Probes.Readiness)])
            if (probe is not null)
                yield return new(name, Render(probe));
    }

    /// <summary>How long the manifest's own startup probe lets the container start.</summary>
    public static TimeSpan StartupBudget(AppEngineSpec engine) => engine.Probes.Startup is { } probe
        ? TimeSpan.FromSeconds((probe.InitialDelaySeconds ?? 0) + ((double)(probe.PeriodSeconds ?? DefaultPeriodSeconds) * (probe.FailureThreshold ?? DefaultFailureThreshold)))
        : TimeSpan.Zero;

    private static JsonObject Connects(AppPort port, int failures) => new()
    {
        ["tcpSocket"] = new JsonObject { ["port"] = port.TargetPort },
        ["periodSeconds"] = DefaultPeriodSeconds,
        ["failureThreshold"] = failures,
    };

    private static JsonObject Render(AppProbe probe)
    {
        var json = probe.Question switch
        {
            ProbeQuestion.HttpGet http => new JsonObject
            {
                ["httpGet"] = new JsonObject { ["path"] = http.Path, ["port"] = Port(http.Port), ["scheme"] = http.IsHttps ? "HTTPS" : "HTTP" },
            },
            ProbeQuestion.TcpSocket tcp => new JsonObject { ["tcpSocket"] = new JsonObject { ["port"] = Port(tcp.Port) } },
            ProbeQuestion.Grpc grpc => new JsonObject { ["grpc"] = Grpc(grpc) },
            ProbeQuestion.Exec exec => new JsonObject { ["exec"] = new JsonObject { ["command"] = new JsonArray([.. exec.Command.Select(word => (JsonNode)word)]) } },
            var other => throw new InvalidOperationException($"No probe is asked by {other.GetType().Name}."),
        };
        foreach (var (name, value) in ((string, int?)[])
            [("initialDelaySeconds", probe.InitialDelaySeconds), ("periodSeconds", probe.PeriodSeconds), ("timeoutSeconds", probe.TimeoutSeconds),
             ("successThreshold", probe.SuccessThreshold), ("failureThreshold", probe.FailureThreshold)])
            if (value is { } number)
                json[name] = number;
        return json;
    }

    private static JsonObject Grpc(ProbeQuestion.Grpc grpc)
    {
        var json = new JsonObject { ["port"] = grpc.Port };
        if (grpc.Service is not null)
            json["service"] = grpc.Service;
        return json;
    }

    private static JsonNode Port(string port) => int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : port;
}
