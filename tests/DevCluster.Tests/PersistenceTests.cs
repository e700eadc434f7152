using System.Text;
using CodeZero.Testing;

namespace CodeZero.DevCluster.Tests;

/// <summary>A data directory keeps everything.</summary>
public sealed class PersistenceTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("codezero-devcluster-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private Task<DevClusterServer> StartAsync() => DevClusterServer.StartAsync(new() { DataDirectory = directory, PodStartDelay = TimeSpan.FromMilliseconds(20) });

    private static Task<Reply> MapAsync(Api api, string name, string value) => api.ApplyAsync($"/api/v1/namespaces/default/configmaps/{name}", "m", Manifests.ConfigMap(name, ("a", value)));

    [Fact]
    public async Task A_second_start_has_the_same_objects_token_and_authority()
    {
        string token, ca, version, system;
        await using (var server = await StartAsync())
        {
            using var api = Api.To(server);
            await MapAsync(api, "kept", "1");
            await MapAsync(api, "gone", "1");
            await api.DeleteAsync("/api/v1/namespaces/default/configmaps/gone");
            await api.ApplyAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/ships.kept.example.com", "m", Manifests.Definition("kept.example.com"));
            Assert.Equal(201, (await api.ApplyAsync("/apis/kept.example.com/v1/namespaces/default/ships/beagle", "m", Manifests.Ship("kept.example.com", "beagle"))).Code);
            version = (await MapAsync(api, "last", "1")).ResourceVersion;
            (token, ca, system) = (server.AdminToken, server.CertificateAuthorityPem, (await api.GetAsync("/api/v1/namespaces/kube-system")).Text("metadata", "uid")!);
        }
        await using (var server = await StartAsync())
        {
            using var api = Api.To(server);
            Assert.Equal((token, ca), (server.AdminToken, server.CertificateAuthorityPem));
            Assert.Equal(system, (await api.GetAsync("/api/v1/namespaces/kube-system")).Text("metadata", "uid"));
            Assert.Equal("1", (await api.GetAsync("/api/v1/namespaces/default/configmaps/kept")).Text("data", "a"));
            Assert.Equal(404, (await api.GetAsync("/api/v1/namespaces/default/configmaps/gone")).Code);
            Assert.Equal("ada", (await api.GetAsync("/apis/kept.example.com/v1/namespaces/default/ships/beagle")).Text("spec", "captain"));
            Assert.True(long.Parse((await MapAsync(api, "next", "1")).ResourceVersion, System.Globalization.CultureInfo.InvariantCulture) > long.Parse(version, System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task A_torn_last_line_is_cut_off_and_the_rest_stays()
    {
        await using (var server = await StartAsync())
        {
            using var api = Api.To(server);
            await MapAsync(api, "kept", "1");
        }
        var journal = Path.Combine(directory, "journal.jsonl");
        await File.AppendAllTextAsync(journal, "{\"rv\":999999,\"r\":\"/configmaps\",\"ns\":\"default\",\"n\":\"torn\",\"o\":{\"metada", Encoding.UTF8);
        for (var start = 0; start < 2; start++)
        {
            await using var server = await StartAsync();
            using var api = Api.To(server);
            Assert.Equal("1", (await api.GetAsync("/api/v1/namespaces/default/configmaps/kept")).Text("data", "a"));
            Assert.Equal(404, (await api.GetAsync("/api/v1/namespaces/default/configmaps/torn")).Code);
            Assert.Equal(201, (await MapAsync(api, $"later{start}", "1")).Code);
        }
    }

    [Fact]
    public async Task What_was_answered_survives_a_killed_process()
    {
        await using var server = await StartAsync();
        using var api = Api.To(server);
        await MapAsync(api, "kept", "1");
        var copy = Directory.CreateTempSubdirectory("codezero-devcluster-").FullName;       // what a process killed now would leave behind
        foreach (var file in new[] { "journal.jsonl", "identity.json" })
            File.Copy(Path.Combine(directory, file), Path.Combine(copy, file));
        await using (var second = await DevClusterServer.StartAsync(new() { DataDirectory = copy }))
        {
            using var other = Api.To(second);
            Assert.Equal("1", (await other.GetAsync("/api/v1/namespaces/default/configmaps/kept")).Text("data", "a"));
        }
        Directory.Delete(copy, recursive: true);
    }

    [Fact]
    public async Task A_rollout_goes_on_after_a_restart()
    {
        await using (var server = await StartAsync())
        {
            using var api = Api.To(server);
            await api.ApplyAsync("/apis/apps/v1/namespaces/default/deployments/web", "m", Manifests.Deployment("web", replicas: 3));
        }
        await using (var server = await StartAsync())
        {
            using var api = Api.To(server);
            await Eventually.GetAsync(() => api.GetAsync("/apis/apps/v1/namespaces/default/deployments/web"), r => (int?)r.At("status", "readyReplicas") == 3);
        }
    }

    [Fact]
    public async Task A_directory_in_use_is_refused()
    {
        await using var server = await StartAsync();
        await Assert.ThrowsAsync<IOException>(StartAsync);
    }

    [Fact]
    public async Task Compaction_loses_nothing()
    {
        await using (var server = await StartAsync())
        {
            using var api = Api.To(server);
            await MapAsync(api, "first", "1");
            for (var i = 0; i < 20_500; i += 100)
                await Task.WhenAll(Enumerable.Range(i, 100).Select(n => api.MergeAsync("/api/v1/namespaces/default/configmaps/first", $$$"""{"data":{"n":"{{{n}}}"}}""")));
            await MapAsync(api, "second", "2");
            Assert.True(new FileInfo(Path.Combine(directory, "objects.jsonl")).Length > 0);
        }
        await using (var server = await StartAsync())
        {
            using var api = Api.To(server);
            Assert.Equal("1", (await api.GetAsync("/api/v1/namespaces/default/configmaps/first")).Text("data", "a"));
            Assert.Equal("2", (await api.GetAsync("/api/v1/namespaces/default/configmaps/second")).Text("data", "a"));
            Assert.Equal(4, (await api.GetAsync("/api/v1/namespaces")).Body["items"]!.AsArray().Count);
        }
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task Secrets_of_the_cluster_are_readable_by_their_owner_only()
    {
        var kubeconfig = Path.Combine(directory, "kubeconfig");
        await using var server = await DevClusterServer.StartAsync(new() { DataDirectory = Path.Combine(directory, "data"), KubeconfigPath = kubeconfig });
        foreach (var file in new[] { kubeconfig, Path.Combine(directory, "data", "identity.json") })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Contains(server.AdminToken, await File.ReadAllTextAsync(kubeconfig), StringComparison.Ordinal);
    }
}
