using System.Text.Json;
using CodeZero.AgentProtocol.Signing;
using CodeZero.AppManifest;
using CodeZero.Hub.Client;
using CodeZero.Testing;

namespace CodeZero.EndToEnd.Tests.Harness;

/// <summary>
/// All of CodeZero: a Hub, a person who published the sample application, a cluster of theirs, and in it an agent of its own process that was joined and accepted.
/// </summary>
public class Platform : HubWithPerson
{
    /// <summary>The cluster's name at the Hub.</summary>
    public const string ClusterName = "demo";

    /// <summary>The sample application's id.</summary>
    public const string App = "vaultwarden";

    private KubernetesCluster? _cluster;
    private ServerProcess? _agent;
    private string _agentKubeconfig = "";

    public KubernetesCluster Cluster => _cluster ?? throw new InvalidOperationException("The fixture has not started.");

    /// <summary>The cluster's record at the Hub.</summary>
    public Guid ClusterId { get; private set; }

    /// <summary>Memory that the agent holds in RAM, in bytes.</summary>
    public long AgentResidentBytes => _agent?.ResidentBytes ?? 0;

    public string AgentLog => _agent?.Log ?? "";

    /// <summary>What the cluster's owner asks for: <c>hub</c> or <c>approved</c>.</summary>
    protected virtual string Mode => "approved";

    /// <summary>How the agent is started.</summary>
    protected virtual IReadOnlyList<string> AgentCommand => ["dotnet", BuiltOutput.Agent];

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        _cluster = await KubernetesCluster.StartAsync();
        await Person.CzctlAsync("app", "publish", BuiltOutput.Sample);
        await Person.CzctlAsync("clusters", "create", ClusterName);
        ClusterId = (await Person.Api.Clusters.GetAsync(Person.Organization, ClusterName)).Id;
        string[] approver = Mode == "approved" ? ["--approver", Person.ApproverKey + ".pub"] : [];
        await Person.CzctlAsync(["clusters", "join", ClusterName, "--mode", Mode, .. approver, "--kubeconfig", Cluster.Kubeconfig, "--no-agent"]);
        _agentKubeconfig = await Cluster.WriteAgentKubeconfigAsync();
        StartAgent();
        await AcceptAgentAsync();
    }

    /// <summary>Starts the agent, with the rights of its own service account.</summary>
    public void StartAgent() =>
        _agent = ServerProcess.Start(AgentCommand[0], [.. AgentCommand.Skip(1), "--kubeconfig", _agentKubeconfig, "--health-port", "0"], new Dictionary<string, string?> { ["KUBECONFIG"] = null });

    /// <summary>Ends the agent as a crash of its node would.</summary>
    public async Task KillAgentAsync()
    {
        if (_agent is not null)
            await _agent.DisposeAsync();
        _agent = null;
    }

    /// <summary>Asks for an install. Nobody approves.</summary>
    /// <param name="app">Default: the sample.</param>
    public Task<Install> RequestAsync(string ns, string app = App) =>
        Person.Api.Installs.CreateAsync(Person.Organization, ClusterName, new($"{Person.Organization}/{app}", null, null, app, ns, null, null));

    /// <summary>Approves what the install is now.</summary>
    public async Task ApproveAsync(Install install)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        var approval = new AgentProtocol.Approval(ClusterId, Person.OrganizationId, install.Id, Digest.Parse(install.Digest), now, ExpiresAt: null, Person.Email);
        var key = EcPrivateKey.FromPem(await File.ReadAllTextAsync(Person.ApproverKey)).Value;
        await Person.Api.Installs.ApproveAsync(Person.Organization, ClusterName, install.Id, JsonSerializer.Deserialize<JsonElement>(approval.Sign(key).ToJson()));
    }

    /// <summary>Asks, approves, and waits for health.</summary>
    public async Task<Install> InstallAsync(string ns, string app = App)
    {
        await ApproveAsync(await RequestAsync(ns, app));
        return await UntilAsync(ns, install => install.Link("healthy").State == "done");
    }

    /// <summary>As the cluster's owner: no images from this registry, whoever wants them.</summary>
    public Task DenyRegistryAsync(string registry) => Cluster.ApplyAsync($$"""
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: codezero-policy
          namespace: {{KubernetesCluster.AgentNamespace}}
        data:
          policy.yaml: |
            registries:
              denied: [{{registry}}]
        """);

    /// <summary>The install in this namespace as its owner sees it.</summary>
    public async Task<Install> FindAsync(string ns)
    {
        await foreach (var install in Person.Api.Installs.ListAsync(Person.Organization, ClusterName))
            if (install.Namespace == ns)
                return install;
        throw new InvalidOperationException($"There is no install in {ns}.");
    }

    /// <summary>Waits until the install is as described.</summary>
    /// <exception cref="TimeoutException">It never was; the message has the chain and the agent's log.</exception>
    public async Task<Install> UntilAsync(string ns, Func<Install, bool> condition)
    {
        try
        {
            return await Eventually.GetAsync(() => FindAsync(ns), condition);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The install in {ns} did not become so.\n{string.Join('\n', (await FindAsync(ns)).Chain)}\nThe agent's last words:\n{string.Join('\n', AgentLog.Split('\n').TakeLast(12))}");
        }
    }

    public override async Task DisposeAsync()
    {
        await KillAgentAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>As a person would: reads the thumbprint where the agent shows it, and not at the Hub.</summary>
    private async Task AcceptAgentAsync()
    {
        try
        {
            await Eventually.GetAsync(() => Person.Api.Clusters.GetAsync(Person.Organization, ClusterName), cluster => cluster.Status == "pending");
            var thumbprint = await Eventually.GetAsync(
                () => Cluster.KubectlAsync("-n", KubernetesCluster.AgentNamespace, "get", "configmap", "codezero-agent", "-o", "jsonpath={.data.thumbprint}"), text => text.Length > 0);
            await Person.CzctlAsync("clusters", "accept", ClusterName, "--thumbprint", thumbprint);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"No agent came. {e.Message}\nThe agent's log:\n{AgentLog}", e);
        }
    }
}

internal static class Chains
{
    /// <summary>One link of the chain published → approved → fetched → verified → applied → healthy.</summary>
    public static ChainStep Link(this Install install, string step) => install.Chain.Single(link => link.Step == step);
}
