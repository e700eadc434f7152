using System.Globalization;

namespace CodeZero.ClusterAgent;

/// <summary>The agent's command line. Each option may also stand in the environment, where the command line goes before it.</summary>
internal sealed record AgentArguments
{
    public const string Help = """
        The CodeZero agent: keeps the Apps of a Kubernetes cluster as they are desired.

        Usage: CodeZero.ClusterAgent [options]

          --kubeconfig FILE   the cluster, for use outside of one (KUBECONFIG); default: the cluster that the agent runs in
          --context NAME      the context in that file; default: its current one
          --namespace NAME    the agent's own namespace, with its policy and settings (CODEZERO_NAMESPACE); default: codezero-system
          --health-port PORT  where /healthz and /readyz are answered, 0 for nowhere (CODEZERO_HEALTH_PORT); default: 8081
          --allow-insecure-hub
                              also a Hub that is reached over plain http on another machine, for development only (CODEZERO_ALLOW_INSECURE_HUB=true);
                              default: https, or http on this machine
          --help              this text
        """;

    public string? Kubeconfig { get; init; }
    public string? Context { get; init; }
    public string Namespace { get; init; } = "codezero-system";
    public int HealthPort { get; init; } = 8081;
    public bool AllowInsecureHub { get; init; }
    public bool ShowHelp { get; init; }

    /// <exception cref="FormatException">An option is unknown, lacks its value, or has one that cannot be used.</exception>
    public static AgentArguments Parse(IReadOnlyList<string> arguments, Func<string, string?> environment)
    {
        var parsed = new AgentArguments();
        if (environment("KUBECONFIG") is { Length: > 0 } files)
            parsed = parsed with { Kubeconfig = files.Split(Path.PathSeparator)[0] };
        if (environment("CODEZERO_NAMESPACE") is { Length: > 0 } ns)
            parsed = parsed with { Namespace = ns };
        if (environment("CODEZERO_HEALTH_PORT") is { Length: > 0 } port)
            parsed = parsed with { HealthPort = Port("CODEZERO_HEALTH_PORT", port) };
        if (environment("CODEZERO_ALLOW_INSECURE_HUB") is { Length: > 0 } insecure)
            parsed = parsed with { AllowInsecureHub = bool.TryParse(insecure, out var allowed) ? allowed : throw new FormatException("CODEZERO_ALLOW_INSECURE_HUB must be true or false.") };
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i];
            string Value() => ++i < arguments.Count ? arguments[i] : throw new FormatException($"{name} needs a value. See --help.");
            parsed = name switch
            {
                "--kubeconfig" => parsed with { Kubeconfig = Value() },
                "--context" => parsed with { Context = Value() },
                "--namespace" => parsed with { Namespace = Value() },
                "--health-port" => parsed with { HealthPort = Port(name, Value()) },
                "--allow-insecure-hub" => parsed with { AllowInsecureHub = true },
                "--help" or "-h" => parsed with { ShowHelp = true },
                _ => throw new FormatException($"Unknown option {name}. See --help."),
            };
        }
        return parsed;
    }

    private static int Port(string name, string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= ushort.MaxValue
        ? port
        : throw new FormatException($"{name} must be a port from 0 to {ushort.MaxValue}.");
}
