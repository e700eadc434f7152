using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.Testing;

namespace CodeZero.DevCluster.Tests;

/// <summary>One cluster for a test class: a DevCluster of its own, or the real one that CODEZERO_TEST_KUBECONFIG names.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    internal const string RealVariable = "CODEZERO_TEST_KUBECONFIG";
    internal static string? RealKubeconfig { get; } = Environment.GetEnvironmentVariable(RealVariable) is { Length: > 0 } path ? path : null;

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("codezero-devcluster-");
    private readonly List<IDisposable> made = [];
    private readonly ConcurrentBag<string> left = [];
    private DevClusterServer? server;
    private string kubeconfig = "";

    /// <summary>The API as the administrator.</summary>
    public Api Api { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (RealKubeconfig is not null)
        {
            kubeconfig = RealKubeconfig;
            Api = await FromKubeconfigAsync(kubeconfig);
            return;
        }
        kubeconfig = Path.Combine(directory.FullName, "kubeconfig");
        server = await DevClusterServer.StartAsync(new() { KubeconfigPath = kubeconfig, PodStartDelay = TimeSpan.FromMilliseconds(50), PodStopDelay = TimeSpan.FromMilliseconds(20), BookmarkInterval = TimeSpan.FromMilliseconds(200) });
        Api = Api.To(server);
    }

    /// <summary>A new namespace, and kubectl working in it.</summary>
    public async Task<Kubectl> NamespaceAsync(string? name = null)
    {
        name ??= await NewNamespaceAsync();
        var kubectl = new Kubectl(kubeconfig, name);
        made.Add(kubectl);
        return kubectl;
    }

    /// <summary>Creates a namespace and waits for its service account, as pods need it.</summary>
    public async Task<string> NewNamespaceAsync()
    {
        var name = $"t-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5))}";
        Assert.Equal(201, (await Api.PostAsync("/api/v1/namespaces", new() { ["metadata"] = new JsonObject { ["name"] = name } })).Code);
        left.Add($"/api/v1/namespaces/{name}");
        await Eventually.HoldsAsync(async () => (await Api.GetAsync($"/api/v1/namespaces/{name}/serviceaccounts/default")).Code == 200);
        return name;
    }

    /// <summary>Applies the definition of ships in this group.</summary>
    public async Task DefineShipsAsync(string group, string? definition = null)
    {
        var path = $"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/ships.{group}";
        left.Add(path);
        await Api.ApplyAsync(path, "test", definition ?? Manifests.Definition(group));
    }

    private static async Task<Api> FromKubeconfigAsync(string path)
    {
        using var kubectl = new Kubectl(path);
        var config = JsonNode.Parse((await kubectl.RunAsync("config view --raw --minify -o json")).Output)!;
        var (cluster, user) = (config["clusters"]![0]!["cluster"]!, config["users"]![0]!["user"]!);
        byte[] Data(JsonNode node, string name) => node[$"{name}-data"] is { } inline ? Convert.FromBase64String((string)inline!) : File.ReadAllBytes((string)node[name]!);
        var certificate = user["client-certificate-data"] is null && user["client-certificate"] is null ? null
            : X509Certificate2.CreateFromPem(Encoding.UTF8.GetString(Data(user, "client-certificate")), Encoding.UTF8.GetString(Data(user, "client-key")));
        return new(new((string)cluster["server"]!), Encoding.UTF8.GetString(Data(cluster, "certificate-authority")), (string?)user["token"], certificate);
    }

    public async Task DisposeAsync()
    {
        foreach (var resource in made)
            resource.Dispose();
        // A real cluster goes on without these tests.
        if (RealKubeconfig is not null)
            foreach (var path in left)
                await Api.DeleteAsync(path);
        Api.Dispose();
        if (server is not null)
            await server.DisposeAsync();
        directory.Delete(recursive: true);
    }
}
