using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;
using CodeZero.DevCluster;

var port = new Option<int>("--port") { Description = "Port to listen on; 0 takes a free one." };
port.Validators.Add(r => { if (r.GetValueOrDefault<int>() is < 0 or > 65535) r.AddError("--port must be 0 to 65535."); });
var kubeconfig = new Option<string?>("--kubeconfig") { Description = "File to write the administrator's kubeconfig to (mode 0600) when ready." };
var data = new Option<string?>("--data") { Description = "Directory that keeps everything over restarts. Without it, memory only." };
var authentication = new Option<string?>("--authentication-config") { Description = "File that says whose tokens are believed: an AuthenticationConfiguration as kube-apiserver takes it." };
var address = new Option<string>("--address") { Description = "IP address to listen on.", DefaultValueFactory = _ => "127.0.0.1" };
address.Validators.Add(r => { if (!IPAddress.TryParse(r.GetValueOrDefault<string>(), out _)) r.AddError("--address must be an IP address."); });

var command = new RootCommand("A Kubernetes API in memory, for trying out and for tests. It runs no containers.") { port, kubeconfig, data, authentication, address };
command.SetAction(async (arguments, ct) =>
{
    var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.TrySetResult();
    }
    using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    try
    {
        await using var server = await DevClusterServer.StartAsync(new()
        {
            Port = arguments.GetValue(port),
            Address = IPAddress.Parse(arguments.GetValue(address)!),
            DataDirectory = arguments.GetValue(data),
            KubeconfigPath = arguments.GetValue(kubeconfig),
            AuthenticationConfigPath = arguments.GetValue(authentication),
        }, ct);
        Console.WriteLine(arguments.GetValue(kubeconfig) is { } path ? $"DevCluster is ready at {server.Url} (kubeconfig {path})" : $"DevCluster is ready at {server.Url}");
        await stop.Task;
        return 0;
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
    {
        await Console.Error.WriteLineAsync($"DevCluster cannot start: {e.Message}");
        return 1;
    }
});
return await command.Parse(args).InvokeAsync(new() { ProcessTerminationTimeout = null });
