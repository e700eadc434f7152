using System.Text.Json;
using CodeZero.DevCluster;

namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>
/// A cluster to install on: a DevCluster of one's own, or the real one that <see cref="KubeconfigVariable"/> names, which is used by one after the other. Looked at
/// with kubectl, as a person would.
/// </summary>
public sealed class KubernetesCluster : IAsyncDisposable
{
    /// <summary>The environment variable with the kubeconfig of a real cluster.</summary>
    public const string KubeconfigVariable = "CODEZERO_TEST_KUBECONFIG";

    /// <summary>The agent's own namespace.</summary>
    public const string AgentNamespace = "codezero-system";

    private static readonly SemaphoreSlim TheRealOne = new(1);
    private static readonly Dictionary<string, string?> NoOtherCluster = new() { ["KUBECONFIG"] = null };
    private readonly DevClusterServer? _server;
    private readonly DirectoryInfo _directory;

    private KubernetesCluster(DevClusterServer? server, DirectoryInfo directory, string kubeconfig) => (_server, _directory, Kubeconfig) = (server, directory, kubeconfig);

    /// <summary>The administrator's kubeconfig file.</summary>
    public string Kubeconfig { get; }

    public static async Task<KubernetesCluster> StartAsync()
    {
        var directory = Directory.CreateTempSubdirectory("codezero-cluster-");
        if (Environment.GetEnvironmentVariable(KubeconfigVariable) is { Length: > 0 } real)
        {
            await TheRealOne.WaitAsync();
            return new(null, directory, real);
        }
        var kubeconfig = Path.Combine(directory.FullName, "kubeconfig");
        return new(await DevClusterServer.StartAsync(new() { KubeconfigPath = kubeconfig }), directory, kubeconfig);
    }

    /// <summary>Writes a kubeconfig file by which the agent is its own service account, as in production, once that is there.</summary>
    public async Task<string> WriteAgentKubeconfigAsync()
    {
        var server = await KubectlAsync("config", "view", "--minify", "--flatten", "-o", "jsonpath={.clusters[0].cluster}");
        var token = await KubectlAsync("-n", AgentNamespace, "create", "token", "codezero-agent", "--duration=1h");
        var file = Path.Combine(_directory.FullName, "agent.kubeconfig");
        await File.WriteAllTextAsync(file, $$"""
            apiVersion: v1
            kind: Config
            clusters: [{ name: cluster, cluster: {{server}} }]
            users: [{ name: agent, user: { token: {{token.Trim()}} } }]
            contexts: [{ name: agent, context: { cluster: cluster, user: agent } }]
            current-context: agent
            """);
        return file;
    }

    /// <summary>kubectl, which must succeed.</summary>
    public async Task<string> KubectlAsync(params string[] arguments) => (await TryKubectlAsync(arguments)).Succeeded().Output;

    /// <summary>kubectl, which may fail.</summary>
    public Task<Outcome> TryKubectlAsync(params string[] arguments) =>
        Tool.RunAsync("kubectl", [$"--kubeconfig={Kubeconfig}", $"--cache-dir={_directory.FullName}/kubectl", .. arguments], NoOtherCluster);

    /// <summary>One object as it is.</summary>
    public async Task<JsonElement> GetAsync(string ns, string kind, string name) =>
        JsonSerializer.Deserialize<JsonElement>(await KubectlAsync("-n", ns, "get", kind, name, "-o", "json"));

    /// <summary>What there is of these kinds in the namespace, as <c>kind/name</c>.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync(string ns, string kinds) =>
        [.. (await KubectlAsync("-n", ns, "get", kinds, "-o", "name")).Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>Whether the namespace is there.</summary>
    public async Task<bool> HasNamespaceAsync(string ns) => (await KubectlAsync("get", "namespaces", "-o", "name")).Split('\n').Contains($"namespace/{ns}");

    /// <summary>Writes a manifest.</summary>
    public async Task ApplyAsync(string yaml)
    {
        var file = Path.Combine(_directory.FullName, $"{Guid.CreateVersion7()}.yaml");
        await File.WriteAllTextAsync(file, yaml);
        await KubectlAsync("apply", "-f", file);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        else
            await LeaveAsync();
        _directory.Delete(recursive: true);
    }

    private async Task LeaveAsync()
    {
        try
        {
            await TryKubectlAsync("delete", "apps.system.codezero.io", "--all", "-A", "--wait=false");
            await TryKubectlAsync("delete", "namespace", AgentNamespace, "--ignore-not-found", "--timeout=60s");
        }
        finally
        {
            TheRealOne.Release();
        }
    }
}
