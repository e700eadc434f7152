using System.Diagnostics;
using System.Text.Json;
using CodeZero.AgentProtocol;
using CodeZero.DevCluster;
using CodeZero.Testing;
using Npgsql;

namespace CodeZero.Cli.Tests;

/// <summary>A Hub; a Kubernetes API that the real kubectl talks to.</summary>
public sealed class ClusterFixture : HubFixture, IAsyncLifetime
{
    /// <summary>An application that asks two questions, one of them a secret.</summary>
    public const string Manifest = """
        appId: wiki-app
        name: Wiki
        package: '@provisioner/appengine'
        editions:
          - name: stable
            status: public
            spec:
              routes: [{ type: http, targetService: wiki-app }]
              provisioner:
                package: '@provisioner/appengine'
                image: example/wiki
                tag: '1.0'
                ports: 8080
                volumes: [{ name: pages, size: 1Gi, mountPath: /pages }]
                flow:
                  prompts:
                    - { type: confirm, name: OPEN, message: Open?, default: false }
                    - { type: password, name: ADMIN, message: Password?, c6o: { required: true } }
        """;

    private readonly List<DevClusterServer> _kubernetes = [];

    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?> { ["Hub:Clusters:RequireAcceptance"] = "true" };

    /// <summary>Starts another empty Kubernetes cluster, and returns its kubeconfig's path.</summary>
    public async Task<string> NewKubernetesAsync(string directory)
    {
        var server = await DevClusterServer.StartAsync();
        lock (_kubernetes)
            _kubernetes.Add(server);
        var path = Path.Combine(directory, "kubeconfig");
        await File.WriteAllTextAsync(path, server.Kubeconfig);
        return path;
    }

    /// <summary>Runs the real kubectl.</summary>
    public static async Task<string> KubectlAsync(string kubeconfig, params string[] arguments)
    {
        var start = new ProcessStartInfo("kubectl") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments.Append("--kubeconfig=" + kubeconfig))
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"kubectl {string.Join(' ', arguments)}: {await error}");
    }

    /// <summary>czctl with a new person signed in.</summary>
    internal async Task<Czctl> SignedInAsync()
    {
        var czctl = new Czctl(Hub);
        await czctl.SignUpAsync();
        return czctl;
    }

    /// <summary>A cluster "demo" in mode approved, whose agent was accepted.</summary>
    internal async Task<(TestAgent Agent, TrustRoot Trust, string Key)> JoinedAsync(Czctl czctl)
    {
        var key = Path.Combine(czctl.Home, "approver.pem");
        await czctl.OkAsync("clusters", "create", "demo");
        await czctl.OkAsync("keys", "create", key);
        var printed = await czctl.RunAsync("clusters", "join", "demo", "--approver", key + ".pub", "--no-agent", "--print");
        Assert.True(printed.ExitCode == 0, printed.ToString());
        using var list = JsonDocument.Parse(printed.Out[printed.Out.IndexOf("\n{", StringComparison.Ordinal)..]);
        var items = list.RootElement.GetProperty("items").EnumerateArray().ToDictionary(item => item.GetProperty("metadata").GetProperty("name").GetString()!);
        var trust = TrustRoot.Parse(items["codezero-trust"].GetProperty("data").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetString()!)).Value;
        var agent = NewAgent(items["codezero-enrolment"].GetProperty("stringData").GetProperty("token").GetString()!);
        using var enrolled = await agent.EnrolAsync();
        Assert.True(enrolled.IsSuccessStatusCode, await enrolled.Content.ReadAsStringAsync());
        await czctl.OkAsync("clusters", "accept", "demo", "--thumbprint", agent.Thumbprint);
        return (agent, trust, key);
    }

    /// <summary>Publishes <see cref="Manifest"/>, or another.</summary>
    /// <returns>publisher/app.</returns>
    internal static async Task<string> PublishAsync(Czctl czctl, string manifest = Manifest, string version = "1.0.0")
    {
        var file = Path.Combine(czctl.Home, "c6o.yaml");
        await File.WriteAllTextAsync(file, manifest);
        var publication = (await czctl.OkAsync("app", "publish", file, "--version", version)).Json.GetProperty("publications")[0];
        return $"{publication.GetProperty("publisher").GetString()}/{publication.GetProperty("app").GetString()}";
    }

    /// <summary>The agent's report that the one install of its state got so far.</summary>
    public static async Task ReportAsync(TestAgent agent, InstallPhase phase, IReadOnlyList<ReportStep> done)
    {
        var (_, state) = await agent.FetchStateAsync();
        var install = state.Installs[0];
        StepReport[] steps = [.. done.Select(step => new StepReport(step, agent.Now(), StepState.Done))];
        var said = new InstallReport(install.Id, InstallDigest.Of(state.Cluster, state.Organization, install), install.Version, phase, steps, [], new(3, 3), [], 0, []);
        using var response = await agent.ReportAsync(agent.NewReport(state, [said]));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Writes to the Hub's database as somebody who broke into it.</summary>
    public async Task TamperAsync(string sql, params object[] values)
    {
        await using var connection = new NpgsqlConnection(Database.Superuser);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        Assert.True(await command.ExecuteNonQueryAsync() > 0, "Nothing was changed.");
    }

    /// <summary>An agent with the token that a join wrote into the cluster.</summary>
    public TestAgent NewAgent(string token) => new(Hub.CreateClient(), EnrolmentToken.Parse(token).Value);

    async Task IAsyncLifetime.DisposeAsync()
    {
        foreach (var server in _kubernetes)
            await server.DisposeAsync();
        await DisposeAsync();
    }
}
