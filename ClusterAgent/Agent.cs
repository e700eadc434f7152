using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Health;
using CodeZero.ClusterAgent.Kubernetes;
using Microsoft.Extensions.Logging;

namespace CodeZero.ClusterAgent;

/// <summary>Puts the agent together and runs it until it is told to stop.</summary>
internal static partial class Agent
{
    /// <returns>The process's exit code: 0 after being told to stop, 1 when it cannot go on.</returns>
    public static async Task<int> RunAsync(AgentArguments arguments, ILoggerFactory logs, TimeProvider clock, CancellationToken ct)
    {
        var log = logs.CreateLogger("CodeZero.ClusterAgent.Agent");
        try
        {
            var config = arguments.Kubeconfig is { } file ? await Kubeconfig.LoadAsync(file, arguments.Context, clock, ct) : ClusterConfig.InCluster(clock);
            Starting(log, AgentVersion.Text, config.Server, arguments.Namespace);
            using var api = new ClusterApi(config, clock);
            var options = new AppControllerOptions { Namespace = arguments.Namespace };
            var gate = new NamespaceGate(api, clock);
            var admission = new AppAdmission(api, options, logs.CreateLogger<AppAdmission>());
            var reconciler = new AppReconciler(api, admission, gate, options, clock, logs.CreateLogger<AppReconciler>());
            var feed = new AppFeed();
            await using var controller = new AppController(api, reconciler, feed, options, clock, logs);
            var link = new HubLink.HubLink(api, new AppStore(api, admission, gate, feed), arguments.Namespace, arguments.AllowInsecureHub, clock, logs);
            await RunAllAsync([controller.RunAsync, link.RunAsync, .. Health(arguments, controller, logs)], ct);
            Stopped(log);
            return 0;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            Stopped(log);
            return 0;
        }
        catch (Exception e)
        {
            // Kubernetes starts the agent again; the log must say why it ended.
            Ended(log, e);
            return 1;
        }
    }

    private static IEnumerable<Func<CancellationToken, Task>> Health(AgentArguments arguments, AppController controller, ILoggerFactory logs)
    {
        if (arguments.HealthPort > 0)
            yield return new HealthServer(arguments.HealthPort, () => controller.IsReady, logs.CreateLogger<HealthServer>()).RunAsync;
    }

    /// <summary>Runs all parts; when one ends, the others are stopped.</summary>
    private static async Task RunAllAsync(IEnumerable<Func<CancellationToken, Task>> parts, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var running = parts.Select(part => part(stop.Token)).ToArray();
        await Task.WhenAny(running);
        await stop.CancelAsync();
        await Task.WhenAll(running);
    }

    [LoggerMessage(6000, LogLevel.Information, "CodeZero agent {Version} works on {Server}; its namespace is {Namespace}")]
    private static partial void Starting(ILogger log, string version, Uri server, string @namespace);

    [LoggerMessage(6002, LogLevel.Information, "The agent was told to stop")]
    private static partial void Stopped(ILogger log);

    [LoggerMessage(6003, LogLevel.Critical, "The agent cannot go on")]
    private static partial void Ended(ILogger log, Exception reason);
}
