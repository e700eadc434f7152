using System.Diagnostics;
using CodeZero.AgentProtocol;
using CodeZero.DevCluster;
using CodeZero.Testing;
using Npgsql;

namespace CodeZero.Cli.Tests;

/// <summary>A Hub; a Kubernetes API that the real kubectl talks to.</summary>
public sealed class ClusterFixture : HubFixture, IAsyncLifetime
{
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
