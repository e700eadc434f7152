using CodeZero.AppManifest.Reading;

namespace CodeZero.AppManifest;

/// <summary>How Kubernetes finds out whether the container has started, lives, and may get requests.</summary>
public sealed record AppProbes(AppProbe? Startup, AppProbe? Liveness, AppProbe? Readiness)
{
    public static AppProbes None { get; } = new(null, null, null);

    internal static AppProbes Read(MappingReader reader)
    {
        var probes = new AppProbes(One("startupProbe"), One("livenessProbe"), One("readinessProbe"));
        reader.Complete(UnknownKeys.Warn);
        return probes;

        AppProbe? One(string key) => reader.Mapping(key) is { } probe ? AppProbe.Read(probe) : null;
    }
}

/// <summary>One probe: exactly one kind of question, and when to ask it. Times are in seconds; nothing: Kubernetes' own default.</summary>
public sealed record AppProbe(
    ProbeQuestion Question, int? InitialDelaySeconds, int? PeriodSeconds, int? TimeoutSeconds, int? SuccessThreshold, int? FailureThreshold)
{
    private const int Day = 86_400;

    internal static AppProbe? Read(MappingReader reader)
    {
        var questions = new ProbeQuestion?[]
        {
            reader.Mapping("httpGet") is { } http ? ProbeQuestion.HttpGet.Read(http) : null,
            reader.Mapping("tcpSocket") is { } tcp ? ProbeQuestion.TcpSocket.Read(tcp) : null,
            reader.Mapping("grpc") is { } grpc ? ProbeQuestion.Grpc.Read(grpc) : null,
            reader.Mapping("exec") is { } exec ? ProbeQuestion.Exec.Read(exec) : null,
        };
        var kinds = questions.Count(q => q is not null);
        var probe = new AppProbe(questions.FirstOrDefault(q => q is not null)!, reader.Integer("initialDelaySeconds", 0, Day), reader.Integer("periodSeconds", 1, Day),
            reader.Integer("timeoutSeconds", 1, Day), reader.Integer("successThreshold", 1, 1_000), reader.Integer("failureThreshold", 1, 10_000));
        reader.Complete(UnknownKeys.Warn);
        if (kinds == 1)
            return probe;
        if (kinds > 1 || !reader.Node.Entries.Any(e => e.Key is "httpGet" or "tcpSocket" or "grpc" or "exec"))
            reader.Context.Error("manifest.probe", "A probe asks in exactly one way: httpGet, tcpSocket, grpc or exec.", reader.Node.Mark, reader.Path);
        return null;
    }
}

/// <summary>How a probe asks.</summary>
public abstract record ProbeQuestion
{
    private ProbeQuestion()
    {
    }

    /// <param name="Port">A number, or the name of one of the App's ports.</param>
    public sealed record HttpGet(string Path, string Port, bool IsHttps) : ProbeQuestion
    {
        private static readonly Dictionary<string, bool> s_schemes = new(StringComparer.Ordinal) { ["HTTP"] = false, ["HTTPS"] = true };

        internal static HttpGet? Read(MappingReader reader)
        {
            var path = reader.Name("path", Formats.IsUrlPath, "path: it must start with / and have no spaces") ?? "/";
            var port = PortOf(reader);
            var https = reader.OneOf("scheme", s_schemes) ?? false;
            reader.Complete(UnknownKeys.Refuse);
            return port is null ? null : new(path, port, https);
        }
    }

    /// <param name="Port">A number, or the name of one of the App's ports.</param>
    public sealed record TcpSocket(string Port) : ProbeQuestion
    {
        internal static TcpSocket? Read(MappingReader reader)
        {
            var port = PortOf(reader);
            reader.Complete(UnknownKeys.Refuse);
            return port is null ? null : new(port);
        }
    }

    public sealed record Grpc(int Port, string? Service) : ProbeQuestion
    {
        internal static Grpc? Read(MappingReader reader)
        {
            var port = reader.Integer("port", 1, 65_535, required: true);
            var service = reader.Text("service", longest: 200);
            reader.Complete(UnknownKeys.Refuse);
            return port is null ? null : new(port.Value, service);
        }
    }

    /// <summary>A command in the container; platform publishers only.</summary>
    public sealed record Exec(IReadOnlyList<string> Command) : ProbeQuestion
    {
        internal static Exec? Read(MappingReader reader)
        {
            var command = reader.Texts("command", most: 100);
            reader.Complete(UnknownKeys.Refuse);
            if (!reader.Context.IsPlatform)
                reader.Context.Error("manifest.platform_only", "Probes by exec are for the platform's own applications. Use httpGet, tcpSocket or grpc.", reader.Node.Mark, reader.Path);
            else if (command.Count == 0)
                reader.Error("manifest.required", "`command` is required.", "command");
            else
                return new(command);
            return null;
        }
    }

    private static string? PortOf(MappingReader reader) => reader.Name(
        "port", text => Formats.IsPortName(text) || (int.TryParse(text, out var number) && number is >= 1 and <= 65_535), "port: a number from 1 to 65535 or a port's name", required: true);
}
