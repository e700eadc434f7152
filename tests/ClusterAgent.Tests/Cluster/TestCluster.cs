using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using CodeZero.AppManifest.Yaml;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.DevCluster;
using CodeZero.Testing;

namespace CodeZero.ClusterAgent.Tests.Cluster;

/// <summary>
/// A cluster for one test: the one that <c>CODEZERO_TEST_KUBECONFIG</c> names (no agent may run in it), else a new DevCluster. The agent works in it
/// with the rights of <c>infra/deploy/agent-rbac.yaml</c> and no others; tests act as the administrator.
/// </summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private static readonly WriteOptions s_write = new("kubectl");
    private readonly DevClusterServer? _dev;
    private readonly ClusterApi _admin;
    private readonly ClusterApi _agent;
    private readonly List<string> _namespaces = [];

    private TestCluster(DevClusterServer? dev, ClusterApi admin, ClusterApi agent) => (_dev, _admin, _agent) = (dev, admin, agent);

    /// <summary>Acting as the administrator.</summary>
    public IClusterApi Admin => _admin;

    /// <summary>Acting as the agent's service account.</summary>
    public IClusterApi Agent => _agent;

    /// <summary>Whether pods run containers, so that what images do shows by itself.</summary>
    public bool RunsContainers => _dev is null;

    public static async Task<TestCluster> StartAsync(DevClusterOptions? options = null)
    {
        DevClusterServer? dev = null;
        var file = Environment.GetEnvironmentVariable("CODEZERO_TEST_KUBECONFIG");
        if (string.IsNullOrEmpty(file))
        {
            dev = await DevClusterServer.StartAsync(options);
            file = Path.GetTempFileName();
            await File.WriteAllTextAsync(file, dev.Kubeconfig);
        }
        var config = await Kubeconfig.LoadAsync(file, null, TimeProvider.System, default);
        if (dev is not null)
            File.Delete(file);
        var admin = new ClusterApi(config, TimeProvider.System);
        foreach (var item in Manifests("infra/deploy/agent-rbac.yaml"))
            await admin.ApplyAsync(item, s_write, default);
        var agent = new ClusterApi(config with { Credentials = new FixedCredentials(await TokenAsync(config), null) }, TimeProvider.System);
        var cluster = new TestCluster(dev, admin, agent);
        await cluster.ForgetAsync();

        // The last of the agent's rights to be written is the last that the API server knows of.
        await Eventually.HoldsAsync(async () => (await agent.ListAsync(ResourceKind.ConfigMap, new("codezero-system"), default, limit: 1)).ResourceVersion.Length > 0);
        return cluster;
    }

    /// <summary>A name that no other test uses; the namespace is deleted at the end.</summary>
    public string NewNamespace()
    {
        var name = $"test-{Guid.CreateVersion7():N}"[..30];
        _namespaces.Add(name);
        return name;
    }

    public async Task<string> CreateNamespaceAsync()
    {
        var name = NewNamespace();
        await _admin.CreateAsync(new(ResourceKind.Namespace, null, name), s_write, default);
        return name;
    }

    /// <summary>Returns when the cluster serves Apps, so that a test may apply one.</summary>
    public Task ApplyAppDefinitionAsync() => AppDefinition.InstallAsync(_agent, TimeProvider.System, default);

    /// <summary>What <c>kubectl apply --server-side</c> would do with an App.</summary>
    public Task<KubernetesObject> ApplyAppAsync(AppKey key, string provisioner, string routes = "[]") => Admin.ApplyAsync(Rendering.Object($$"""
        {"apiVersion":"system.codezero.io/v1","kind":"App","metadata":{"name":"{{key.Name}}","namespace":"{{key.Namespace}}"},
         "spec":{"routes":{{routes}},"provisioner":{{WithPackage(provisioner)}} } }
        """), s_write, default);

    public async Task SetRulesAsync(string name, string key, string text)
    {
        var map = new KubernetesObject(ResourceKind.ConfigMap, "codezero-system", name);
        map.Json["data"] = new JsonObject { [key] = text };
        await _admin.ApplyAsync(map, s_write, default);
    }

    public async Task<AppStatus> StatusAsync(AppKey key) => new AppResource(await _admin.FindAsync(key.Ref, default) ?? throw new InvalidOperationException($"There is no App {key}.")).Status;

    /// <summary>Waits until the App is in the phase for its newest generation.</summary>
    public async Task<AppStatus> PhaseAsync(AppKey key, AppPhase phase)
    {
        var found = await Eventually.GetAsync(async () => (await _admin.FindAsync(key.Ref, default))?.Json.ToJsonString() ?? "no App", json =>
        {
            var app = json[0] == '{' ? new AppResource(Rendering.Object(json)) : null;
            return app?.Status.Phase == phase && app.Status.ObservedGeneration == app.Object.Generation;
        }, TimeSpan.FromSeconds(_dev is null ? 120 : 30));
        return new AppResource(Rendering.Object(found)).Status;
    }

    public Task<KubernetesObject?> FindAsync(ResourceKind kind, AppKey app, string name) => _admin.FindAsync(new(kind, app.Namespace, name), default);

    /// <summary>Everything of the App that is there, as <c>Kind name</c>.</summary>
    public async Task<IReadOnlyList<string>> ObjectsAsync(AppKey app)
    {
        var objects = new List<string>();
        foreach (var kind in (ResourceKind[])[ResourceKind.ConfigMap, ResourceKind.Secret, ResourceKind.PersistentVolumeClaim, ResourceKind.Deployment, ResourceKind.Service,
            ResourceKind.Ingress, ResourceKind.NetworkPolicy])
            objects.AddRange((await _admin.ListAsync(kind, new(app.Namespace, $"{AppNames.IdLabel}={app.Id}"), default)).Items.Select(item => $"{kind.Kind} {item.Name}"));
        return objects;
    }

    public async ValueTask DisposeAsync()
    {
        if (_dev is null)
        {
            await ForgetAsync();
            foreach (var name in _namespaces)
                await LeaveAsync(name);
        }
        _agent.Dispose();
        _admin.Dispose();
        if (_dev is not null)
            await _dev.DisposeAsync();
    }

    /// <summary>Takes away what another test, or its agent, has kept in the agent's namespace.</summary>
    private async Task ForgetAsync()
    {
        foreach (var kind in (ResourceKind[])[ResourceKind.ConfigMap, ResourceKind.Secret])
            foreach (var kept in (await _admin.ListAsync(kind, new("codezero-system"), default)).Items.Where(item => item.Name.StartsWith("codezero-", StringComparison.Ordinal)))
                await _admin.DeleteAsync(kept.Ref, new(), default);
    }

    /// <summary>Deletes a namespace, and the Apps in it before: no agent is left to let go of them.</summary>
    private async Task LeaveAsync(string ns)
    {
        if (await _admin.FindMappingAsync(AppResource.ResourceKind, default) is not null)
            foreach (var app in (await _admin.ListAsync(AppResource.ResourceKind, new(ns), default)).Items)
            {
                if (app.Json.Texts("metadata", "finalizers").Any())
                    await _admin.PatchAsync(app.Ref, PatchType.Merge, JsonNode.Parse("""{"metadata":{"finalizers":null}}""")!, s_write, default);
                await _admin.DeleteAsync(app.Ref, new(), default);
            }
        await _admin.DeleteAsync(new(ResourceKind.Namespace, null, ns), new(), default);
    }

    private static string WithPackage(string provisioner)
    {
        var json = JsonNode.Parse(provisioner)!;
        if (json is JsonObject mapping)
            mapping["package"] ??= "@provisioner/appengine";
        return json.ToJsonString();
    }

    private static async Task<string> TokenAsync(ClusterConfig config)
    {
        using var http = config.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(config.Server, "api/v1/namespaces/codezero-system/serviceaccounts/codezero-agent/token"))
        {
            Content = new StringContent("""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}""", Encoding.UTF8, "application/json"),
        };
        if (await config.Credentials.GetTokenAsync(false, default) is { } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.SendAsync(request);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync());
        return answer.Text("status", "token") ?? throw new InvalidOperationException($"No token for the agent: {answer}");
    }

    private static IEnumerable<KubernetesObject> Manifests(string file, [CallerFilePath] string source = "")
    {
        var root = new FileInfo(source).Directory!;
        while (!File.Exists(Path.Combine(root.FullName, "CodeZero.sln")))
            root = root.Parent!;
        var read = YamlReader.Read(File.ReadAllBytes(Path.Combine(root.FullName, file)), file);
        Assert.Empty(read.Diagnostics);
        return read.Documents.Select(document => new KubernetesObject((JsonObject)YamlJson.ToJson(document)!));
    }
}
